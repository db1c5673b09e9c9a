import { Buffer } from 'node:buffer'
import type { Cedar } from './cedar.ts'
import { PolicyError, PolicyTrap, type Source } from './sources.ts'
import { lineOf, type Statement, splitStatements } from './statements.ts'

export interface SourcedPolicy {
  readonly file: string
  readonly line: number
  /** From `@id`, else `file:line`. */
  readonly id: string
  /** As written, for finding lines. */
  readonly statement: Statement
  readonly json: Cedar.PolicyJson
}

/** Cedar reads policies in their JSON form down to 128 levels; two of those go on each operator in a row. */
const MAX_JSON_DEPTH = 100
/** Cedar's messages quote the text they are about. */
const MAX_MESSAGE = 500

/** What the deciding instance can take at once, and answer from in a few milliseconds. */
const MAX_POLICIES = 2000

/**
 * Parse files into policies, in their order, or throw {@link PolicyError}; {@link PolicyTrap} when `cedar` is of no use any
 * more. Templates are refused: nothing links them yet. `reached` hears where each policy begins before it is parsed.
 */
export function parseSources(
  cedar: typeof Cedar,
  sources: readonly Source[],
  reached: (source: Source, line: number) => void = () => undefined,
): SourcedPolicy[] {
  const found: { source: Source; statement: Statement }[] = []
  for (const source of sources) {
    reached(source, 1)
    const statements = splitStatements(source.text)
    if (!statements.ok) throw new PolicyError(source.file, statements.error.line, statements.error.why)
    for (const statement of statements.value) found.push({ source, statement })
  }
  const over = found[MAX_POLICIES]
  if (over) throw new PolicyError(over.source.file, over.statement.line, `more than ${MAX_POLICIES} policies`)
  return found.map(({ source, statement }) => {
    reached(source, statement.line)
    return parseStatement(cedar, source.file, statement)
  })
}

function parseStatement(cedar: typeof Cedar, file: string, statement: Statement): SourcedPolicy {
  const parsed = parse(cedar, file, statement)
  if (parsed.type === 'failure') {
    const { message, sourceLocations } = parsed.errors[0] ?? { message: 'cannot be read' }
    throw new PolicyError(file, errorLine(statement, sourceLocations?.[0]?.start), readable(message))
  }
  checkJson(parsed.json, (why) => new PolicyError(file, statement.line, why))
  const id = parsed.json.annotations?.['id'] || `${file}:${statement.line}`
  return { file, line: statement.line, id, statement, json: parsed.json }
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
  return message.replace(/^failed to parse policy from string: /, '').slice(0, MAX_MESSAGE)
}

/** Cedar counts in bytes of UTF-8 from the start of the statement. */
function errorLine({ text, fromLine, line }: Statement, byte: number | undefined): number {
  if (byte === undefined) return line
  const before = Buffer.from(text).subarray(0, byte).toString('utf8')
  return Math.max(line, fromLine + lineOf(text, before.length) - 1)
}
