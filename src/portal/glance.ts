import { decodeField } from '../core/statement/percent.ts'

const REFS = 3
const LENGTH = 160

/**
 * What an entry's payload is about, in a line for a list: repository, refs, device, then the plain words of a few members. Payloads of
 * every type and age pass through here, so nothing is taken for granted. Undefined when there is nothing to say.
 */
export function glance(payload: Uint8Array): string | undefined {
  const members = object(parse(payload))
  if (!members) return undefined
  const repo = object(members['repo'])
  const owner = word(repo?.['owner'])
  const name = word(repo?.['name'])
  const words = [
    owner !== undefined && name !== undefined ? `${owner}/${name}` : undefined,
    refs(members['updates'] ?? members['refs']),
    word(object(members['device'])?.['name']),
    ...['result', 'reason', 'door', 'kind', 'name', 'state'].map((member) => word(members[member])),
  ].filter((part) => part !== undefined && part !== '')
  return words.length === 0 ? undefined : [...words.join(' · ')].slice(0, LENGTH).join('')
}

function refs(value: unknown): string | undefined {
  if (!Array.isArray(value)) return undefined
  const names = value
    .map((update: unknown) => readable(object(update)?.['ref']))
    .filter((ref) => ref !== undefined)
  const more = names.length > REFS ? ` and ${names.length - REFS} more` : ''
  return names.slice(0, REFS).join(', ') + more
}

/** A ref is percent-encoded bytes (docs/formats/statement.md). */
function readable(ref: unknown): string | undefined {
  return typeof ref === 'string' ? (decodeField(ref)?.toString('utf8') ?? ref) : undefined
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function object(value: unknown): { readonly [key: string]: unknown } | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { [key: string]: unknown })
    : undefined
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'))
  } catch {
    return undefined
  }
}
