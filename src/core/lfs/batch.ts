import { err, ok, type Result } from '../result.ts'
import { type LfsObject, type LfsOperation, readObject } from './object.ts'

// The batch interface of git-lfs (docs/api/batch.md there), as far as the `basic` transfer and SHA-256 go. Both sides are
// read into these fields and written anew; nothing else of either goes on.

/** git-lfs asks for a hundred at once. */
const MAX_OBJECTS = 1000
/** What a forge says about an object, shown by the client. */
const MAX_MESSAGE = 500

export interface BatchRequest {
  readonly operation: 'upload' | 'download'
  readonly objects: readonly LfsObject[]
}

/** What the forge offers for one object: actions, or why there are none. */
export interface AnsweredObject extends LfsObject {
  readonly actions: readonly LfsOperation[]
  readonly error: { readonly code: number; readonly message: string } | null
}

/** Read a batch request; an error is one sentence for the person. */
export function parseBatchRequest(body: Uint8Array): Result<BatchRequest, string> {
  // Everything here is attacker-controlled.
  const value = parseJson(body)
  if (!isRecord(value)) return err('The batch request is not a JSON object.')
  const { operation, transfers, objects, hash_algo } = value
  if (operation !== 'upload' && operation !== 'download')
    return err('The operation of a batch request is upload or download.')
  if (transfers !== undefined && !(Array.isArray(transfers) && transfers.includes('basic')))
    return err('Only the basic transfer is offered.')
  if (hash_algo !== undefined && hash_algo !== 'sha256') return err('Objects are named by SHA-256 only.')
  if (!Array.isArray(objects) || objects.length === 0 || objects.length > MAX_OBJECTS)
    return err(`A batch request names 1 to ${MAX_OBJECTS} objects.`)
  const read: LfsObject[] = []
  const sizes = new Map<string, number>()
  for (const each of objects as unknown[]) {
    const object = readObject(each)
    if (!object) return err('An object of the batch request has no valid oid and size.')
    if ((sizes.get(object.oid) ?? object.size) !== object.size)
      return err('The batch request gives one object two sizes.')
    sizes.set(object.oid, object.size)
    read.push(object)
  }
  return ok({ operation, objects: read })
}

export function writeBatchRequest({ operation, objects }: BatchRequest): string {
  return JSON.stringify({ operation, transfers: ['basic'], objects })
}

/**
 * Read the forge's answer. Addresses and header fields in it are the forge's own and are not looked at. An `error` may stand
 * among the actions, where one forge writes it. Undefined for what is no answer.
 */
export function parseBatchAnswer(body: Uint8Array): readonly AnsweredObject[] | undefined {
  const value = parseJson(body)
  if (!isRecord(value) || !Array.isArray(value['objects'])) return undefined
  if (value['transfer'] !== undefined && value['transfer'] !== 'basic') return undefined
  const answered: AnsweredObject[] = []
  for (const each of value['objects'] as unknown[]) {
    const object = readObject(each)
    if (!object || !isRecord(each)) return undefined
    const actions = isRecord(each['actions']) ? each['actions'] : {}
    const fault = each['error'] ?? actions['error']
    const offered = (['upload', 'verify', 'download'] as const).filter((name) => isRecord(actions[name]))
    answered.push({
      ...object,
      actions: fault === undefined ? offered : [],
      error: fault === undefined ? null : readFault(fault),
    })
  }
  return answered
}

function readFault(fault: unknown): { code: number; message: string } {
  const { code, message } = isRecord(fault) ? fault : {}
  return {
    code: typeof code === 'number' && Number.isInteger(code) && code >= 400 && code <= 599 ? code : 422,
    message:
      typeof message === 'string' && message !== ''
        ? message.slice(0, MAX_MESSAGE)
        : 'The forge refused this object.',
  }
}

/** The value of a JSON text in UTF-8, or undefined. */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
