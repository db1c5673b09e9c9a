import { fromBase64 } from '../bytes.ts'
import { err, ok, type Result } from '../result.ts'

// C2SP tlog-checkpoint v1: the text of a signed note,
//   origin LF  tree size in decimal LF  base64 of the root hash LF  [extension lines]
// We write no extension lines and accept none.

export interface Checkpoint {
  readonly origin: string
  /** Number of entries. */
  readonly size: number
  /** RFC 6962 root, 32 bytes. */
  readonly root: Uint8Array
}

export function writeCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`
}

/** Parse a note's text. One spelling: no leading zeros, strict base64, three lines. */
export function parseCheckpoint(text: string): Result<Checkpoint, 'malformed'> {
  const match = /^([^\s]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n$/.exec(text) // attacker-controlled
  const root = match ? fromBase64(match[3]!) : undefined
  const size = Number(match?.[2])
  if (!match || root?.length !== 32 || !Number.isSafeInteger(size)) return err('malformed')
  return ok({ origin: match[1]!, size, root })
}
