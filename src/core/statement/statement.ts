import { err, ok, type Result } from '../result.ts'
import { CHANGE_FIELDS } from './change-fields.ts'
import { decodeField, encodeField } from './percent.ts'

// The text a person signs for anything but a push (docs/formats/statement.md): one line each, one SP between words,
// every word percent-encoded, final LF. Parse then write gives the same bytes.

export const STATEMENT_NAMESPACE = 'statement@countersign'

/** How often a repeated field stands in a statement: a batch of one is no batch, and a person still looks through fifty. */
export const REPEATED = { least: 2, most: 50 } as const

/**
 * Field names of each action, in order; `?` marks one that may be left out, `*` one that may come any number of times, `+` one
 * that is {@link REPEATED}.
 */
export const STATEMENT_FIELDS = {
  'device.add': ['kind', 'credential?', 'name'],
  'device.revoke': ['device', 'credential', 'name'],
  'git-password.create': [],
  'token.create': ['name', 'may*', 'reach', 'repo*', 'until'],
  'account.invite': ['name', 'email'],
  'account.disable': ['name', 'account'],
  'account.enable': ['name', 'account'],
  'push.batch': ['item+'],
  countersign: ['of', 'verb', 'requester', 'requester-id'],
  ...CHANGE_FIELDS,
} as const satisfies { readonly [action: string]: readonly string[] }

export type StatementAction = keyof typeof STATEMENT_FIELDS

export type StatementResource =
  | { readonly kind: 'repo'; readonly owner: string; readonly name: string; readonly forgeId: number }
  | { readonly kind: 'org'; readonly name: string; readonly forgeId: number }

export interface Statement {
  readonly origin: string
  readonly actor: { readonly name: string; readonly forgeId: number }
  readonly action: StatementAction
  /** What a change is done to, by the forge's numeric id; null for the actor's own account and for the site. */
  readonly resource: StatementResource | null
  readonly fields: readonly (readonly [key: string, value: string])[]
  /** `sha256:HEX` of the effective policy. */
  readonly policy: string
  /** Unix ms, whole seconds. */
  readonly issued: number
  readonly expires: number
  /** 256 random bits in base64url. */
  readonly nonce: string
}

export function isStatementAction(action: string): action is StatementAction {
  return Object.hasOwn(STATEMENT_FIELDS, action)
}

/**
 * Whether these are the action's fields, in its order, none unknown, none twice. The values of a repeated field rise, so that
 * a set of them is written in one way, and none is in it twice.
 */
export function fieldsFit(action: StatementAction, fields: Statement['fields']): boolean {
  let at = 0
  for (const spec of STATEMENT_FIELDS[action] as readonly string[]) {
    const name = spec.replace(/[?*+]$/, '')
    if (/[*+]$/.test(spec)) {
      const first = at
      while (fields[at]?.[0] === name) {
        if (at > first && fields[at]![1] <= fields[at - 1]![1]) return false
        at++
      }
      if (spec.endsWith('+') && (at - first < REPEATED.least || at - first > REPEATED.most)) return false
    } else if (fields[at]?.[0] === name) at++
    else if (!spec.endsWith('?')) return false
  }
  return at === fields.length
}

export function writeStatement(statement: Statement): string {
  const { origin, actor, action, resource, fields, policy, issued, expires, nonce } = statement
  if (!fieldsFit(action, fields)) throw new RangeError(`fields do not fit ${action}`)
  const lines = [
    'countersign statement v1',
    `origin ${origin}`,
    `actor ${encodeField(actor.name)} forge-id ${actor.forgeId}`,
    `action ${action}`,
    ...(resource ? [resourceLine(resource)] : []),
    ...fields.map(([key, value]) => `field ${key} ${encodeField(value)}`),
    `policy ${policy}`,
    `issued ${time(issued)}`,
    `expires ${time(expires)}`,
    `nonce ${nonce}`,
  ]
  return `${lines.join('\n')}\n`
}

/** Parse; anything that {@link writeStatement} would write otherwise is refused. */
export function parseStatement(text: string): Result<Statement, 'malformed'> {
  // `text` is attacker-controlled.
  if (text.length > 64 * 1024) return err('malformed')
  const head =
    /^countersign statement v1\norigin (https?:\/\/[a-z0-9.:-]+)\nactor ([\x21-\x7e]+) forge-id (\d{1,15})\naction ([a-z.-]+)\n(?:(repo|org) ([\x21-\x7e]+) forge-id (\d{1,15})\n)?((?:field [a-z-]+ [\x21-\x7e]*\n)*)policy (sha256:[0-9a-f]{64})\nissued (\S{20})\nexpires (\S{20})\nnonce ([A-Za-z0-9_-]{43})\n$/.exec(
      text,
    )
  if (!head) return err('malformed')
  const [, origin, actorText, forgeId, action, kind, place, id, fieldText, policy, issued, expires, nonce] =
    head as unknown as readonly string[]
  const name = decodeField(actorText!)?.toString('utf8')
  if (name === undefined || !isStatementAction(action!)) return err('malformed')
  const fields: [string, string][] = []
  for (const line of fieldText!.split('\n').slice(0, -1)) {
    const space = line.indexOf(' ', 6)
    const value = decodeField(line.slice(space + 1))
    if (!value) return err('malformed')
    fields.push([line.slice(6, space), value.toString('utf8')])
  }
  const statement: Statement = {
    origin: origin!,
    actor: { name, forgeId: Number(forgeId) },
    action,
    resource: readResource(kind, place, id),
    fields,
    policy: policy!,
    issued: Date.parse(issued!),
    expires: Date.parse(expires!),
    nonce: nonce!,
  }
  if (!fieldsFit(action, fields) || Number.isNaN(statement.issued) || Number.isNaN(statement.expires))
    return err('malformed')
  return writeStatement(statement) === text ? ok(statement) : err('malformed')
}

function resourceLine(resource: StatementResource): string {
  const name =
    resource.kind === 'repo'
      ? `${encodeField(resource.owner)}/${encodeField(resource.name)}`
      : encodeField(resource.name)
  return `${resource.kind} ${name} forge-id ${resource.forgeId}`
}

/** What does not come back as it was written is refused by the caller. */
function readResource(
  kind: string | undefined,
  place: string | undefined,
  id: string | undefined,
): StatementResource | null {
  if (kind === undefined || place === undefined || id === undefined) return null
  const [first = '', second = ''] = place.split('/').map((part) => decodeField(part)?.toString('utf8') ?? '')
  const forgeId = Number(id)
  return kind === 'repo'
    ? { kind: 'repo', owner: first, name: second, forgeId }
    : { kind: 'org', name: first, forgeId }
}

/** RFC 3339, UTC, whole seconds. */
function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
