import { err, ok, type Result } from '../result.ts'
import { FLUSH, MAX_PKT, readPacket, writePktLine } from './pkt-line.ts'

// Smart-HTTP reference discovery (gitprotocol-http, "Smart Server Response"):
//   "# service=git-receive-pack" LF, flush, then  id SP ref NUL capabilities LF, further refs, flush
// An empty repository advertises the zero id and the name "capabilities^{}".

export interface Advertisement {
  readonly refs: ReadonlyMap<string, string>
  readonly capabilities: readonly string[]
}

/** Parse a protocol v0 advertisement, with or without the smart-HTTP service line. */
export function parseAdvertisement(bytes: Buffer): Result<Advertisement, 'malformed'> {
  const lines = firstRefLine(bytes)
  if (!lines) return err('malformed')
  const refs = new Map<string, string>()
  let capabilities: readonly string[] = []
  let at = lines.at
  for (let first = true; ; first = false) {
    const packet = readPacket(bytes, at)
    if (packet.kind === 'flush')
      return at + 4 === bytes.length ? ok({ refs, capabilities }) : err('malformed')
    if (packet.kind !== 'data') return err('malformed')
    at += packet.size
    const line = packet.payload.toString('latin1').replace(/\n$/, '') // from the forge
    const nul = line.indexOf('\0')
    if (first !== nul >= 0) return err('malformed')
    const match = /^([0-9a-f]{40}|[0-9a-f]{64}) ([^\n]+)$/.exec(first ? line.slice(0, nul) : line)
    if (!match) {
      if (!first && /^shallow [0-9a-f]+$/.test(line)) continue
      return err('malformed')
    }
    if (first)
      capabilities = line
        .slice(nul + 1)
        .split(' ')
        .filter((word) => word !== '')
    // Peeled tags and the placeholder of an empty repository are no refs; `.have` lines are other repositories' tips.
    if (!match[2]!.endsWith('^{}') && match[2] !== '.have') refs.set(match[2]!, match[1]!)
  }
}

/**
 * The same advertisement with our capabilities: any `push-cert` of the forge is taken out, and `push-cert=<nonce>` put in
 * when there is a nonce. Every other byte stays as it was.
 */
export function rewriteAdvertisement(bytes: Buffer, nonce: string | undefined): Result<Buffer, 'malformed'> {
  const line = firstRefLine(bytes)
  if (!line) return err('malformed')
  const text = line.payload.toString('latin1')
  const nul = text.indexOf('\0')
  if (nul === -1) return err('malformed')
  const capabilities = text
    .slice(nul + 1)
    .replace(/\n$/, '')
    .split(' ')
    .filter((word) => word !== 'push-cert' && !word.startsWith('push-cert='))
  if (nonce !== undefined) capabilities.push(`push-cert=${nonce}`)
  const changed = `${text.slice(0, nul)}\0${capabilities.join(' ')}\n`
  if (changed.length + 4 > MAX_PKT) return err('malformed') // no room for the nonce
  const rewritten = writePktLine(changed)
  return ok(Buffer.concat([bytes.subarray(0, line.at), rewritten, bytes.subarray(line.at + line.size)]))
}

function firstRefLine(bytes: Buffer): { at: number; size: number; payload: Buffer } | undefined {
  let at = 0
  let packet = readPacket(bytes, at)
  if (packet.kind === 'data' && packet.payload.toString('latin1').startsWith('# service=')) {
    at += packet.size
    if (!bytes.subarray(at, at + 4).equals(FLUSH)) return undefined
    at += 4
    packet = readPacket(bytes, at)
  }
  return packet.kind === 'data' ? { at, size: packet.size, payload: packet.payload } : undefined
}
