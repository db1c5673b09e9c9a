import { Buffer } from 'node:buffer'
import { sha256Hex } from '../crypto.ts'
import type { Statement } from './statement.ts'

/** The action of a statement by which somebody agrees to what somebody else signed. */
export const COUNTERSIGN = 'countersign'

/**
 * What such a statement says: the digest of the very text that was signed (a statement, or a push certificate), and enough for a
 * person to read what it is. Its resource is that of the other.
 */
export function countersignFields(
  signed: Uint8Array | string,
  verb: string,
  requester: Statement['actor'],
): Statement['fields'] {
  return [
    ['of', `sha256:${sha256Hex(typeof signed === 'string' ? Buffer.from(signed) : signed)}`],
    ['verb', verb],
    ['requester', requester.name],
    ['requester-id', String(requester.forgeId)],
  ]
}
