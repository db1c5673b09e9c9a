/** One object of the batch interface: the SHA-256 of its content in hex, and its length in bytes. */
export interface LfsObject {
  readonly oid: string
  readonly size: number
}

/** What can be done with an object, as the actions of a batch answer name it. */
export type LfsOperation = 'upload' | 'download' | 'verify'

/** Whether `text` is an object id as git-lfs writes it: SHA-256 in lower-case hex. */
export function isOid(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9a-f]{64}$/.test(text)
}

/** The object that `value` names, or undefined. */
export function readObject(value: unknown): LfsObject | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { oid, size } = value as { oid?: unknown; size?: unknown }
  if (!isOid(oid) || typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined
  return { oid, size }
}
