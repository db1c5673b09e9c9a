import { Buffer } from 'node:buffer'
import { err, ok, type Result } from '../result.ts'
import { FLUSH, readPacket, writePktLine } from './pkt-line.ts'

// A fetch of protocol v0 (gitprotocol-pack) has one conversation over SSH:
//   client: *want *shallow *deepen *filter flush   server, for a deepening: *shallow *unshallow flush
//   client: *have flush                            server: *ACK NAK         ... any number of times
//   client: *have done                             server: *ACK, ACK | NAK, then the pack
// Smart HTTP (gitprotocol-http) has a request for each of the client's turns, which says everything anew that is in common so far, and whose
// answer begins with the shallow section again. So each turn becomes one request, and of its answer the turn's own part goes back.

const MAX_WANT_BYTES = 16 << 20
const MAX_COMMON = 100_000
const WANT = /^(?:want|shallow) [0-9a-f]{40}(?:[0-9a-f]{24})?(?: |$)/
const OPTION = /^(?:deepen|deepen-since|deepen-not|deepen-relative|filter)(?: |$)/
const HAVE = /^have ([0-9a-f]{40}(?:[0-9a-f]{24})?)$/
const ACK = /^ACK ([0-9a-f]{40}(?:[0-9a-f]{24})?)(?: (continue|common|ready))?$/

export type Turn =
  /** The client wants nothing more. */
  | { readonly kind: 'end' }
  /** Wants that deepen or shorten: the forge is asked for the shallow section alone. */
  | { readonly kind: 'deepen'; readonly request: Buffer }
  /** A round of haves. */
  | { readonly kind: 'haves'; readonly request: Buffer }
  /** The last round, whose answer is the pack. */
  | { readonly kind: 'done'; readonly request: Buffer }

export type UploadError = 'malformed' | 'too-large'

/** What the client of a fetch says, turned into whole requests. Feed its bytes; take turns until there are none. */
export class UploadRequest {
  #pending: Buffer = Buffer.alloc(0)
  #wants: Buffer[] = []
  #wantBytes = 0
  #wanted: Buffer | undefined
  #haves: Buffer[] = []
  readonly #common = new Map<string, Buffer>()
  #deepens = false
  #acksMany = false
  #over = false

  /** Whether answers begin with a shallow section. */
  get deepens(): boolean {
    return this.#deepens
  }

  /** Whether the client takes more than one ACK (capabilities `multi_ack`, `multi_ack_detailed`). */
  get acksMany(): boolean {
    return this.#acksMany
  }

  push(chunk: Uint8Array): void {
    this.#pending = this.#pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk])
  }

  /** Objects that the forge called common: said again in each request. */
  acknowledged(id: string): void {
    if (this.#common.size < MAX_COMMON) this.#common.set(id, writePktLine(`have ${id}\n`))
  }

  isCommon(id: string): boolean {
    return this.#common.has(id)
  }

  /** The next turn; undefined when more bytes are needed for one. */
  next(): Result<Turn | undefined, UploadError> {
    for (let at = 0; ; ) {
      const packet = readPacket(this.#pending, at)
      if (packet.kind === 'malformed' || (this.#over && packet.kind !== 'need-more')) return err('malformed')
      if (packet.kind === 'need-more') {
        this.#pending = Buffer.from(this.#pending.subarray(at))
        return ok(undefined)
      }
      at += packet.size
      const taken = packet.kind === 'flush' ? this.#flush() : this.#line(packet.payload)
      if (!taken.ok) return taken
      if (taken.value) {
        this.#pending = Buffer.from(this.#pending.subarray(at))
        return ok(taken.value)
      }
    }
  }

  #line(payload: Buffer): Result<Turn | undefined, UploadError> {
    const line = payload.toString('latin1').replace(/\n$/, '') // attacker-controlled
    const packet = writePktLine(payload)
    if (!this.#wanted) {
      if (!WANT.test(line) && !(this.#wants.length > 0 && OPTION.test(line))) return err('malformed')
      if (this.#wants.length === 0 && !line.startsWith('want ')) return err('malformed')
      this.#wantBytes += packet.length
      if (this.#wantBytes > MAX_WANT_BYTES) return err('too-large')
      if (/^deepen/.test(line)) this.#deepens = true
      if (this.#wants.length === 0) this.#acksMany = /[ ]multi_ack(?:_detailed)?(?: |$)/.test(line)
      this.#wants.push(packet)
      return ok(undefined)
    }
    if (line === 'done') {
      this.#over = true
      return ok({ kind: 'done', request: Buffer.concat([this.#said(), writePktLine('done\n')]) })
    }
    if (!HAVE.test(line)) return err('malformed')
    if (this.#haves.push(packet) > MAX_COMMON) return err('too-large')
    return ok(undefined)
  }

  #flush(): Result<Turn | undefined, UploadError> {
    if (this.#wanted) return ok({ kind: 'haves', request: Buffer.concat([this.#said(), FLUSH]) })
    if (this.#wants.length === 0) {
      this.#over = true
      return ok({ kind: 'end' })
    }
    this.#wanted = Buffer.concat([...this.#wants, FLUSH])
    this.#wants = []
    return ok(this.#deepens ? { kind: 'deepen', request: this.#wanted } : undefined)
  }

  /** Wants, what is common, and the haves of this turn, which are said once. */
  #said(): Buffer {
    const haves = this.#haves
    this.#haves = []
    return Buffer.concat([this.#wanted!, ...this.#common.values(), ...haves])
  }
}

export type AnswerPart =
  | { readonly kind: 'need-more' }
  | { readonly kind: 'malformed' }
  /** Goes to the client. `over`: the turn's answer ends with it, and what follows is the pack. */
  | { readonly kind: 'part'; readonly bytes: Buffer; readonly over: boolean }

/** What the forge answers to one turn, less what the client was told before. */
export class UploadAnswer {
  readonly #asked: UploadRequest
  readonly #turn: Turn['kind']
  #shallow: boolean
  #pending: Buffer = Buffer.alloc(0)

  constructor(asked: UploadRequest, turn: 'deepen' | 'haves' | 'done') {
    this.#asked = asked
    this.#turn = turn
    this.#shallow = asked.deepens
  }

  /** Feed bytes of the answer; what came behind its end stays in {@link rest}. */
  push(chunk: Uint8Array): AnswerPart {
    this.#pending = this.#pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk])
    const out: Buffer[] = []
    let at = 0
    let over = false
    while (!over) {
      const packet = readPacket(this.#pending, at)
      if (packet.kind === 'malformed') return packet
      if (packet.kind === 'need-more') break
      const bytes = this.#pending.subarray(at, at + packet.size)
      at += packet.size
      const line = packet.kind === 'flush' ? null : packet.payload.toString('latin1').replace(/\n$/, '')
      if (line?.startsWith('ERR ')) {
        out.push(bytes)
        over = true
      } else if (this.#shallow) {
        // The first answer of a deepening is nothing else; later ones say it again.
        if (line !== null && !/^(?:un)?shallow [0-9a-f]+$/.test(line)) return { kind: 'malformed' }
        if (this.#turn === 'deepen') out.push(bytes)
        if (line === null) {
          this.#shallow = false
          over = this.#turn === 'deepen'
        }
      } else {
        const judged = line === null ? undefined : this.#judge(line)
        if (!judged) return { kind: 'malformed' }
        if (judged.tells) out.push(bytes)
        over = judged.over
      }
    }
    const rest = this.#pending.subarray(at)
    this.#pending = Buffer.from(rest)
    if (out.length === 0 && !over) return { kind: 'need-more' }
    return { kind: 'part', bytes: Buffer.concat(out), over }
  }

  /** The forge's answer is through: whether that is the end of the turn's, too. Who takes one ACK may hear nothing in a turn. */
  end(): boolean {
    return this.#turn === 'haves' && !this.#asked.acksMany && this.#pending.length === 0
  }

  /** What came behind the end. */
  get rest(): Buffer {
    return this.#pending
  }

  #judge(line: string): { tells: boolean; over: boolean } | undefined {
    if (line === 'NAK') return { tells: true, over: true }
    const ack = ACK.exec(line)
    if (!ack) return undefined
    const [, id, how] = ack
    const known = this.#asked.isCommon(id!)
    if (how === undefined && this.#asked.acksMany) return { tells: true, over: this.#turn === 'done' }
    if (how === undefined) {
      // Who takes one ACK was told it in its own turn, and hears nothing more before the pack.
      this.#asked.acknowledged(id!)
      return { tells: !known, over: this.#turn === 'done' }
    }
    if (how !== 'ready') this.#asked.acknowledged(id!)
    return { tells: how === 'ready' || !known, over: false }
  }
}

/** The advertisement of smart HTTP as it stands over SSH: without the service's line, and without what HTTP alone has. */
export function sshAdvertisement(bytes: Buffer): Result<Buffer, 'malformed'> {
  const service = readPacket(bytes, 0)
  if (service.kind !== 'data' || !service.payload.toString('latin1').startsWith('# service='))
    return err('malformed')
  const begin = service.size + FLUSH.length
  if (!bytes.subarray(service.size, begin).equals(FLUSH)) return err('malformed')
  const first = readPacket(bytes, begin)
  if (first.kind === 'flush') return ok(bytes.subarray(begin))
  if (first.kind !== 'data') return err('malformed')
  const text = first.payload.toString('latin1')
  const nul = text.indexOf('\0')
  if (nul === -1) return err('malformed')
  const words = text
    .slice(nul + 1)
    .replace(/\n$/, '')
    .split(' ')
    // A server that keeps the conversation may not be left without a last word.
    .filter((word) => word !== '' && word !== 'no-done')
  const line = writePktLine(`${text.slice(0, nul)}\0${words.join(' ')}\n`)
  return ok(Buffer.concat([line, bytes.subarray(begin + first.size)]))
}
