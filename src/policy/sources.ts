import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cedar } from './cedar.ts'

/** A policy file that cannot be used; the message names file and line. */
export class PolicyError extends Error {
  readonly code = 'bad-policy'
}

export interface Source {
  /** File name, for messages and for ids of policies that have no `@id`. */
  readonly file: string
  readonly text: string
}

export interface SourcedPolicy {
  readonly file: string
  readonly line: number
  /** From `@id`, else file and number. */
  readonly id: string
  readonly json: Cedar.PolicyJson
}

/** Cedar's parser dies for good on text that nests deeper than about a hundred. */
const MAX_DEPTH = 64
const MAX_TEXT = 1 << 20

export function shippedSource(name: 'default.cedar' | 'schema.cedarschema'): Source {
  return { file: name, text: readFileSync(join(import.meta.dirname, name), 'utf8') }
}

/** The `.cedar` files of a directory, by name; none when there is no such directory. */
export function userSources(dir: string): Source[] {
  try {
    return readdirSync(dir)
      .filter((file) => file.endsWith('.cedar'))
      .sort()
      .map((file) => ({ file, text: readFileSync(join(dir, file), 'utf8') }))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Parse one file into policies. Templates are refused: nothing links them yet. */
export function parseSource(cedar: typeof Cedar, { file, text }: Source): SourcedPolicy[] {
  if (text.length > MAX_TEXT) throw new PolicyError(`${file}:1: larger than 1 MiB`)
  const deep = tooDeep(text)
  if (deep !== undefined)
    throw new PolicyError(`${file}:${lineOf(text, deep)}: nested deeper than ${MAX_DEPTH}`)
  const parts = cedar.policySetTextToParts(text)
  if (parts.type === 'failure')
    throw new PolicyError(
      `${file}:${errorLine(text, parts.errors)}: ${parts.errors[0]?.message ?? 'cannot be read'}`,
    )
  if (parts.policy_templates.length > 0) throw new PolicyError(`${file}:1: templates are not supported yet`)
  return parts.policies.map((policy, i) => {
    const parsed = cedar.policyToJson(policy)
    if (parsed.type === 'failure')
      throw new PolicyError(`${file}:1: ${parsed.errors[0]?.message ?? 'cannot be read'}`)
    const named = parsed.json.annotations?.['id']
    const at = text.indexOf(policy)
    return {
      file,
      line: at === -1 ? 1 : lineOf(text, at),
      id: named ?? `${file} policy ${i + 1}`,
      json: parsed.json,
    }
  })
}

// Strings and comments nest nothing; runs of unary operators nest as brackets do.
const TOKENS = /"(?:[^"\\]|\\.)*"|\/\/[^\n]*|[([{]|[)\]}]|(?:[!-]\s*)+|;|\bif\b/g

/** Offset at which `text` nests deeper than the parser survives, or undefined. */
function tooDeep(text: string): number | undefined {
  let depth = 0
  let ifs = 0
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    if ('([{'.includes(token)) depth++
    else if (')]}'.includes(token)) depth--
    else if (token === ';') ifs = 0
    else if (token === 'if') ifs++
    else if (/^[!-]/.test(token) && depth + token.replace(/\s/g, '').length > MAX_DEPTH) return index
    if (depth + ifs > MAX_DEPTH) return index
  }
  return undefined
}

export function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length
}

function errorLine(text: string, errors: readonly Cedar.DetailedError[]): number {
  return lineOf(text, errors[0]?.sourceLocations?.[0]?.start ?? 0)
}
