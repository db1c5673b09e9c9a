import { err, ok, type Result } from '../result.ts'
import type { RefUpdate } from './ref-update.ts'

// A push certificate (gitformat-signature(5), send-pack.c), as signed:
//   certificate version 0.1 LF
//   pusher <ident> LF                 for SSH keys the fingerprint stands where a name would be
//   pushee <url> LF                   optional
//   nonce <nonce> LF
//   push-option <option> LF           any number
//   LF
//   <old> SP <new> SP <ref> LF        one or more
// in this order, and behind it the armored signature. All bytes are read as latin1: git does not promise UTF-8.

const ARMOR = '-----BEGIN '

export interface PushCertificate {
  readonly pusher: string
  readonly pushee: string | null
  readonly nonce: string
  readonly pushOptions: readonly string[]
  readonly updates: readonly RefUpdate[]
  /** The exact bytes that were signed. */
  readonly text: Buffer
  /** The armored signature, SSH or PGP. */
  readonly signature: string
}

export type PushCertError =
  | 'malformed'
  | 'unknown-header'
  | 'duplicate-header'
  | 'no-nonce'
  | 'no-commands'
  | 'no-signature'

/** What a certificate says, without its signature. */
export type CertificateText = Omit<PushCertificate, 'signature'>

/** Parse a certificate as it stood between `push-cert` and `push-cert-end`. */
export function parsePushCertificate(bytes: Uint8Array): Result<PushCertificate, PushCertError> {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1') // attacker-controlled
  const at = whole.startsWith(ARMOR) ? 0 : whole.indexOf(`\n${ARMOR}`) + 1
  if (at <= 0) return err('no-signature')
  if (whole.indexOf(`\n${ARMOR}`, at) !== -1 || whole.includes('\0')) return err('malformed')
  const said = parse(whole.slice(0, at))
  return said.ok ? ok({ ...said.value, signature: whole.slice(at) }) : said
}

/** Parse the signed text alone. */
export function parseCertificateText(bytes: Uint8Array): Result<CertificateText, PushCertError> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1') // attacker-controlled
  return text.includes(ARMOR) || text.includes('\0') ? err('malformed') : parse(text)
}

function parse(text: string): Result<CertificateText, PushCertError> {
  const blank = text.indexOf('\n\n')
  if (blank === -1) return err('malformed')
  const [version, ...headers] = text.slice(0, blank).split('\n')
  if (version !== 'certificate version 0.1') return err('malformed')
  const one = new Map<string, string>()
  const pushOptions: string[] = []
  for (const header of headers) {
    const space = header.indexOf(' ')
    const name = header.slice(0, space)
    const value = header.slice(space + 1)
    if (space < 1) return err('malformed')
    if (name === 'push-option') pushOptions.push(value)
    else if (name !== 'pusher' && name !== 'pushee' && name !== 'nonce') return err('unknown-header')
    else if (one.has(name)) return err('duplicate-header')
    else one.set(name, value)
  }
  const pusher = one.get('pusher')
  const nonce = one.get('nonce')
  if (pusher === undefined) return err('malformed')
  if (nonce === undefined || nonce === '') return err('no-nonce')
  const lines = text.slice(blank + 2, -1).split('\n')
  const updates: RefUpdate[] = []
  for (const line of lines) {
    const update = parseCommand(line)
    if (!update) return err(line === '' && lines.length === 1 ? 'no-commands' : 'malformed')
    updates.push(update)
  }
  const fields = { pusher, pushee: one.get('pushee') ?? null, nonce, pushOptions, updates }
  const signed = Buffer.from(text, 'latin1')
  // One text for one meaning: what git's writer would have put in another order was not written by git.
  if (!writePushCertificate(fields).equals(signed)) return err('malformed')
  return ok({ ...fields, text: signed })
}

/** The signed text of a certificate, as git writes it. */
export function writePushCertificate(cert: Omit<CertificateText, 'text'>): Buffer {
  const lines = [
    'certificate version 0.1',
    `pusher ${cert.pusher}`,
    ...(cert.pushee === null ? [] : [`pushee ${cert.pushee}`]),
    `nonce ${cert.nonce}`,
    ...cert.pushOptions.map((option) => `push-option ${option}`),
    '',
    ...cert.updates.map(({ before, after, ref }) => `${before} ${after} ${ref}`),
  ]
  return Buffer.from(`${lines.join('\n')}\n`, 'latin1')
}

const COMMAND = /^([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) ([^\0\n]+)$/

/** Longer than any path that could hold a ref; a refusal that names it must still fit a pkt-line. */
const MAX_REF = 4096

/** `<old> SP <new> SP <ref>`; both ids of one length. */
export function parseCommand(line: string): RefUpdate | undefined {
  const match = COMMAND.exec(line)
  if (!match || match[1]!.length !== match[2]!.length || match[3]!.length > MAX_REF) return undefined
  return { before: match[1]!, after: match[2]!, ref: match[3]! }
}
