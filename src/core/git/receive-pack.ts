import { idLength, parseCapabilities } from './capabilities.ts'
import { FLUSH, readPacket, writePktLine } from './pkt-line.ts'
import { parseCommand, parsePushCertificate } from './push-cert.ts'
import type { RefUpdate } from './ref-update.ts'

// The head of a receive-pack request (gitprotocol-pack, "Reference Update Request"):
//   *("shallow" SP id)  ( command-list | push-cert )  flush  [ *push-option flush ]  [ PACK ... ]
//   command-list = command NUL capabilities, then further commands
//   push-cert    = "push-cert" NUL capabilities LF, the certificate line by line, "push-cert-end" LF

export interface Limits {
  readonly commands: number
  readonly certificateBytes: number
  readonly headBytes: number
}
export const LIMITS: Limits = { commands: 10_000, certificateBytes: 1 << 20, headBytes: 4 << 20 }

export interface ReceivePackHead {
  readonly shallow: readonly string[]
  readonly updates: readonly RefUpdate[]
  /** Without `push-cert`. */
  readonly capabilities: readonly string[]
  readonly pushOptions: readonly string[]
  /** Between `push-cert` and `push-cert-end`, or null. */
  readonly certificate: Buffer | null
}

export type HeadError =
  | 'malformed'
  | 'too-many-commands'
  | 'certificate-too-large'
  | 'too-large'
  | 'mixed'
  | 'options-differ'

export type HeadState =
  | { readonly kind: 'need-more' }
  /** git's own probe before a large push: a single flush and nothing else, which only the end can tell. */
  | { readonly kind: 'probe' }
  /** The head is whole; `rest` begins with the pack, if any. */
  | { readonly kind: 'head'; readonly head: ReceivePackHead; readonly rest: Buffer }
  | { readonly kind: 'error'; readonly error: HeadError }

/**
 * Read the head from the bytes so far. Call again with more while it says `need-more`; `ended` tells that no more will
 * come. Reading anew from the front keeps no state between chunks, so chunk boundaries cannot matter.
 */
export function readReceivePackHead(bytes: Buffer, ended: boolean, limits: Limits = LIMITS): HeadState {
  const reader = new HeadReader(bytes, limits)
  try {
    const head = reader.read()
    if (head === 'probe') {
      if (bytes.length > FLUSH.length) return { kind: 'error', error: 'malformed' }
      return ended ? { kind: 'probe' } : { kind: 'need-more' }
    }
    return { kind: 'head', head, rest: bytes.subarray(reader.at) }
  } catch (stop) {
    if (!(stop instanceof Stop)) throw stop
    if (stop.error !== 'need-more') return { kind: 'error', error: stop.error }
    if (bytes.length > limits.headBytes) return { kind: 'error', error: 'too-large' }
    return ended ? { kind: 'error', error: 'malformed' } : { kind: 'need-more' }
  }
}

class Stop extends Error {
  readonly error: HeadError | 'need-more'
  constructor(error: HeadError | 'need-more') {
    super(error)
    this.error = error
  }
}

class HeadReader {
  readonly #bytes: Buffer
  readonly #limits: Limits
  at = 0

  constructor(bytes: Buffer, limits: Limits) {
    this.#bytes = bytes
    this.#limits = limits
  }

  /** The next line, or null at a flush. */
  #line(): Buffer | null {
    const packet = readPacket(this.#bytes, this.at)
    switch (packet.kind) {
      case 'need-more':
        throw new Stop('need-more')
      case 'malformed':
        throw new Stop('malformed')
      case 'flush':
        this.at += packet.size
        return null
      case 'data':
        this.at += packet.size
        if (this.at > this.#limits.headBytes) throw new Stop('too-large')
        return packet.payload
    }
  }

  read(): ReceivePackHead | 'probe' {
    const shallow: string[] = []
    let line = this.#line()
    if (line === null) return 'probe'
    while (line !== null && line.subarray(0, 8).toString('latin1') === 'shallow ') {
      const id = text(line).slice(8)
      if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(id)) throw new Stop('malformed')
      if (shallow.push(id) > this.#limits.commands) throw new Stop('too-many-commands')
      line = this.#line()
    }
    if (line === null) throw new Stop('malformed')
    // `line` is attacker-controlled: everything up to the NUL is command or "push-cert", everything after it capabilities.
    const nul = line.indexOf(0)
    if (nul === -1) throw new Stop('malformed')
    const capabilities = parseCapabilities(text(line.subarray(nul + 1)))
    const digits = capabilities && idLength(capabilities)
    if (!capabilities || digits === undefined) throw new Stop('malformed')
    const first = line.subarray(0, nul).toString('latin1')
    const signed = first === 'push-cert' ? this.#certificate() : null
    const updates = signed ? signed.updates : this.#commands(first)
    if (shallow.some((id) => id.length !== digits) || updates.some(({ after }) => after.length !== digits))
      throw new Stop('malformed') // git reads the first 40 digits of a longer id
    const pushOptions = capabilities.includes('push-options') ? this.#options() : []
    if (signed && capabilities.includes('push-options') && !same(signed.pushOptions, pushOptions))
      throw new Stop('options-differ')
    if (signed && !capabilities.includes('push-options') && signed.pushOptions.length > 0)
      throw new Stop('options-differ')
    return {
      shallow,
      updates,
      capabilities: capabilities.filter((word) => word !== 'push-cert'),
      pushOptions,
      certificate: signed?.bytes ?? null,
    }
  }

  #commands(first: string): RefUpdate[] {
    const updates: RefUpdate[] = []
    for (let line: string | null = first; line !== null; ) {
      if (line === 'push-cert') throw new Stop('mixed')
      const update = parseCommand(line)
      if (!update) throw new Stop('malformed')
      if (updates.push(update) > this.#limits.commands) throw new Stop('too-many-commands')
      const next = this.#line()
      line = next === null ? null : text(next)
    }
    return updates
  }

  #certificate(): { bytes: Buffer; updates: readonly RefUpdate[]; pushOptions: readonly string[] } {
    const parts: Buffer[] = []
    let size = 0
    for (;;) {
      const line = this.#line()
      if (line === null) throw new Stop('malformed') // a flush inside the certificate
      if (text(line) === 'push-cert-end') break
      size += line.length
      if (size > this.#limits.certificateBytes) throw new Stop('certificate-too-large')
      if (line.at(-1) !== 10 || line.indexOf(10) !== line.length - 1) throw new Stop('malformed')
      parts.push(line)
    }
    if (this.#line() !== null) throw new Stop('mixed') // commands beside a certificate
    const bytes = Buffer.concat(parts)
    const parsed = parsePushCertificate(bytes)
    if (!parsed.ok) throw new Stop('malformed')
    if (parsed.value.updates.length > this.#limits.commands) throw new Stop('too-many-commands')
    return { bytes, updates: parsed.value.updates, pushOptions: parsed.value.pushOptions }
  }

  #options(): string[] {
    const options: string[] = []
    for (let line = this.#line(); line !== null; line = this.#line()) {
      const option = text(line)
      if (option.includes('\0') || option.includes('\n') || options.push(option) > 1000)
        throw new Stop('malformed')
    }
    return options
  }
}

/** A line's text without its LF. */
function text(line: Buffer): string {
  return line.toString('latin1', 0, line.at(-1) === 10 ? line.length - 1 : line.length)
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i])
}

/** The same head with plain commands: what a receive-pack that asked for no certificate expects. */
export function writeReceivePackHead({
  shallow,
  updates,
  capabilities,
  pushOptions,
}: Omit<ReceivePackHead, 'certificate'>): Buffer {
  const [first, ...others] = updates
  if (first === undefined) throw new RangeError('a push has at least one command')
  const command = ({ before, after, ref }: RefUpdate): string => `${before} ${after} ${ref}`
  const out = [
    ...shallow.map((id) => writePktLine(`shallow ${id}\n`)),
    writePktLine(`${command(first)}\0 ${capabilities.join(' ')}`),
    ...others.map((update) => writePktLine(command(update))),
    FLUSH,
  ]
  if (capabilities.includes('push-options'))
    out.push(...pushOptions.map((option) => writePktLine(option)), FLUSH)
  return Buffer.concat(out)
}

/** Why a head was refused, for the person. */
export function headErrorWords(error: HeadError): string {
  switch (error) {
    case 'malformed':
      return 'The push is not in a form that git would send.'
    case 'too-many-commands':
      return 'The push names too many refs at once.'
    case 'certificate-too-large':
      return 'The push certificate is larger than 1 MiB.'
    case 'too-large':
      return 'The list of refs is too large.'
    case 'mixed':
      return 'The push has both a certificate and plain commands.'
    case 'options-differ':
      return 'The push options are not the ones that were signed.'
  }
}
