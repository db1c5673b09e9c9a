import { Buffer } from 'node:buffer'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cedar } from './cedar.ts'
import { lineOf, type Statement, splitStatements } from './statements.ts'

/** A policy file that cannot be used; the message starts with `file:line: `. */
export class PolicyError extends Error {
  readonly code = 'bad-policy'
  constructor(file: string, line: number, why: string, options?: ErrorOptions) {
    super(`${file}:${line}: ${why}`, options)
  }
}

/** Cedar's instance died of this file. */
export class PolicyTrap extends PolicyError {}

/** Lends out Cedar for as long as `work` runs. */
export type UseCedar = <T>(work: (cedar: typeof Cedar) => T) => T

export interface Source {
  /** File name, for messages and for ids of policies that have no `@id`. */
  readonly file: string
  readonly text: string
}

export interface SourcedPolicy {
  readonly file: string
  readonly line: number
  /** From `@id`, else `file:line`. */
  readonly id: string
  /** As written, for finding lines. */
  readonly statement: Statement
  readonly json: Cedar.PolicyJson
}

const MAX_TEXT = 1 << 20
/** Cedar reads policies in their JSON form down to 128 levels; two of those go on each operator in a row. */
const MAX_JSON_DEPTH = 100

export function shippedSource(name: 'default.cedar' | 'schema.cedarschema'): Source {
  return { file: name, text: readFileSync(join(import.meta.dirname, name), 'utf8') }
}

/** The `.cedar` files of a directory, by name; none when there is no such directory. */
export function userSources(dir: string): Source[] {
  let names: string[]
  try {
    names = readdirSync(dir)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new PolicyError(dir, 1, 'cannot be read', { cause: error })
  }
  return names
    .filter((file) => file.endsWith('.cedar'))
    .sort()
    .map((file) => ({ file, text: readText(dir, file) }))
}

function readText(dir: string, file: string): string {
  try {
    const bytes = readFileSync(join(dir, file))
    if (bytes.length <= MAX_TEXT) return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new PolicyError(file, 1, 'cannot be read as UTF-8 text', { cause: error })
  }
  throw new PolicyError(file, 1, 'larger than 1 MiB')
}

/** Parse one file into policies, in its order. Templates are refused: nothing links them yet. */
export function parseSource(cedar: typeof Cedar, { file, text }: Source): SourcedPolicy[] {
  const statements = splitStatements(text)
  if (!statements.ok) throw new PolicyError(file, statements.error.line, statements.error.why)
  return statements.value.map((statement) => {
    const parsed = parse(cedar, file, statement)
    if (parsed.type === 'failure') {
      const { message, sourceLocations } = parsed.errors[0] ?? { message: 'cannot be read' }
      throw new PolicyError(file, errorLine(statement, sourceLocations?.[0]?.start), readable(message))
    }
    checkJson(parsed.json, (why) => new PolicyError(file, statement.line, why))
    const id = parsed.json.annotations?.['id'] || `${file}:${statement.line}`
    return { file, line: statement.line, id, statement, json: parsed.json }
  })
}

function parse(cedar: typeof Cedar, file: string, { text, line }: Statement): Cedar.PolicyToJsonAnswer {
  try {
    return cedar.policyToJson(text)
  } catch (error) {
    throw new PolicyTrap(file, line, 'the policy engine did not survive reading this', { cause: error })
  }
}

/** Refuse what the JSON form cannot carry back: integers that lost digits on the way, and too many levels. */
function checkJson(node: unknown, unfit: (why: string) => PolicyError, depth = 0): void {
  if (depth > MAX_JSON_DEPTH)
    throw unfit('too many operators in one expression; use a set, or several policies')
  if (typeof node === 'bigint' || (typeof node === 'number' && !Number.isSafeInteger(node)))
    throw unfit('a number beyond 2^53 - 1')
  if (node === null || typeof node !== 'object') return
  for (const child of Object.values(node)) checkJson(child, unfit, depth + 1)
}

function readable(message: string): string {
  return message.replace(/^failed to parse policy from string: /, '')
}

/** Cedar counts in bytes of UTF-8 from the start of the statement. */
function errorLine({ text, fromLine, line }: Statement, byte: number | undefined): number {
  if (byte === undefined) return line
  const before = Buffer.from(text).subarray(0, byte).toString('utf8')
  return Math.max(line, fromLine + lineOf(text, before.length) - 1)
}
