import { fromBase64 } from '../bytes.ts'
import { err, ok, type Result } from '../result.ts'

// C2SP tlog-proof v1:
//   "c2sp.org/tlog-proof@v1" LF
//   ["extra " base64 LF]            opaque and not authenticated; we write none and refuse it
//   "index " decimal LF
//   base64 hash LF ...              RFC 6962 inclusion proof, from the leaf's sibling up
//   LF
//   the signed checkpoint, verbatim

const HEADER = 'c2sp.org/tlog-proof@v1'
/** A tree of 2^53 leaves is 53 levels high. */
const MAX_HASHES = 64

export interface TlogProof {
  readonly index: number
  readonly hashes: readonly Uint8Array[]
  /** The signed note. */
  readonly checkpoint: string
}

export function writeTlogProof({ index, hashes, checkpoint }: TlogProof): string {
  const lines = [HEADER, `index ${index}`, ...hashes.map((hash) => Buffer.from(hash).toString('base64'))]
  return `${lines.join('\n')}\n\n${checkpoint}`
}

/** Parse a `.tlog-proof` file. The checkpoint is handed on unread. */
export function parseTlogProof(text: string): Result<TlogProof, 'malformed'> {
  // `text` is attacker-controlled.
  const end = text.indexOf('\n\n')
  if (end === -1) return err('malformed')
  const [header, indexLine, ...lines] = text.slice(0, end).split('\n')
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(indexLine ?? '')
  if (header !== HEADER || !index || !Number.isSafeInteger(Number(index[1]))) return err('malformed')
  if (lines.length > MAX_HASHES) return err('malformed')
  const hashes: Uint8Array[] = []
  for (const line of lines) {
    const hash = fromBase64(line)
    if (hash?.length !== 32) return err('malformed')
    hashes.push(hash)
  }
  return ok({ index: Number(index[1]), hashes, checkpoint: text.slice(end + 2) })
}
