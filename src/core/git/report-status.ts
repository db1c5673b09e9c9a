import { FLUSH, readPacket, writePktLine } from './pkt-line.ts'

// report-status and report-status-v2 (gitprotocol-pack, "Report Status"), plain or inside side-band-64k channel 1:
//   "unpack ok" | "unpack <error>",  then per ref "ok <ref>" | "ng <ref> <reason>", v2 adds "option ..." lines, flush

export interface RefReport {
  readonly ref: string
  readonly ok: boolean
  readonly reason?: string
}

/** A report is small even for ten thousand refs; what is larger is not looked at. */
const MAX_REPORT = 8 << 20
const MAX_WORDS = 4096

/**
 * Learns a push's outcome from the forge's answer as it passes by; the bytes themselves are never held or changed.
 * Feed every chunk, then ask once.
 */
export class ReportObserver {
  readonly #sideBand: boolean
  #pending: Buffer = Buffer.alloc(0)
  #report: Buffer[] = []
  #size = 0
  #broken = false
  #words: Buffer = Buffer.alloc(0)

  constructor(capabilities: readonly string[]) {
    this.#sideBand = capabilities.includes('side-band-64k') // receive-pack knows no other side band
  }

  push(chunk: Buffer): void {
    if (this.#broken) return
    if (!this.#sideBand) {
      this.#keep(chunk)
      return
    }
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    for (;;) {
      const packet = readPacket(bytes, 0)
      if (packet.kind === 'malformed') {
        this.#broken = true
        return
      }
      if (packet.kind === 'need-more') break
      if (packet.kind === 'data' && packet.payload[0] === 1) this.#keep(packet.payload.subarray(1))
      if (packet.kind === 'data' && packet.payload[0] === 2 && this.#words.length < MAX_WORDS)
        this.#words = Buffer.concat([this.#words, packet.payload.subarray(1)]).subarray(0, MAX_WORDS)
      bytes = bytes.subarray(packet.size)
    }
    this.#pending = Buffer.from(bytes)
  }

  /** What the forge reported; null when it reported nothing that can be read. */
  refs(): readonly RefReport[] | null {
    return this.#broken ? null : parseReport(Buffer.concat(this.#report))
  }

  /** What the forge's programs said to the person beside the report: their text, on one line. */
  said(): string {
    return oneLine(this.#words.toString('utf8')).trim()
  }

  #keep(bytes: Buffer): void {
    this.#size += bytes.length
    if (this.#size > MAX_REPORT) this.#broken = true
    else this.#report.push(Buffer.from(bytes))
  }
}

/** Parse a whole report; null unless it is one from beginning to end. */
export function parseReport(bytes: Buffer): readonly RefReport[] | null {
  const refs: RefReport[] = []
  let unpacked: boolean | undefined
  for (let at = 0; ; ) {
    const packet = readPacket(bytes, at)
    if (packet.kind === 'flush') return unpacked === undefined ? null : refs
    if (packet.kind !== 'data') return null
    at += packet.size
    const line = packet.payload.toString('latin1').replace(/\n$/, '')
    if (unpacked === undefined) {
      if (!line.startsWith('unpack ')) return null
      unpacked = line === 'unpack ok'
    } else if (line.startsWith('ok ')) refs.push({ ref: line.slice(3), ok: unpacked })
    else if (line.startsWith('ng ')) {
      const space = line.indexOf(' ', 3)
      refs.push({
        ref: space === -1 ? line.slice(3) : line.slice(3, space),
        ok: false,
        reason: space === -1 ? '' : line.slice(space + 1),
      })
    } else if (!line.startsWith('option ')) return null
  }
}

/**
 * A refusal that git shows as `remote:` lines and `! [remote rejected] ref (reason)`. Never an HTTP error, whose body git
 * hides.
 */
export function writeRefusal(
  capabilities: readonly string[],
  refs: readonly string[],
  reason: string,
  words: readonly string[],
): Buffer {
  const reports = capabilities.includes('report-status') || capabilities.includes('report-status-v2')
  const report = reports
    ? [
        writePktLine('unpack ok\n'),
        ...refs.map((ref) => writePktLine(`ng ${ref} ${oneLine(reason)}\n`)),
        FLUSH,
      ]
    : []
  if (!capabilities.includes('side-band-64k')) return Buffer.concat(report)
  const text = words.map((line) => band(2, Buffer.from(`${oneLine(line)}\n`)))
  const whole = Buffer.concat(report)
  const status: Buffer[] = []
  for (let at = 0; at < whole.length; at += 65000) status.push(band(1, whole.subarray(at, at + 65000)))
  return Buffer.concat([...text, ...status, FLUSH])
}

/** One packet of a side-band channel: 1 the report, 2 text for the person, 3 a fatal error. */
export function band(channel: 1 | 2 | 3, payload: Uint8Array): Buffer {
  return writePktLine(Buffer.concat([Buffer.from([channel]), payload]))
}

/**
 * Printable and on one line: other people's bytes do not move a terminal's cursor. Controls, format characters (bidi, zero
 * width), surrogates, private and unassigned code points become a space.
 */
export function oneLine(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, 1000)
}
