import { fromBase64 } from '../bytes.ts'
import {
  constantTimeEqual,
  ed25519PublicKey,
  ed25519Raw,
  type PrivateKey,
  type PublicKey,
  sha256,
  signEd25519,
  verifyEd25519,
} from '../crypto.ts'
import { err, ok, type Result } from '../result.ts'

// C2SP signed-note v1:
//   text, ending in LF, then LF, then one or more lines  "— " <key name> " " base64(4-byte key id || signature) LF
// A key id is the first four bytes of SHA-256(key name || 0x0A || 0x01 || public key) for Ed25519.

const ED25519 = 0x01
const DASH = '\u2014'
/** signed-note asks verifiers to accept at least 16. */
const MAX_SIGNATURES = 64

export interface NoteSignature {
  readonly name: string
  readonly keyId: Uint8Array
  readonly signature: Uint8Array
}

export interface SignedNote {
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

export interface NoteVerifier {
  readonly name: string
  readonly keyId: Uint8Array
  readonly key: PublicKey
}

export function keyId(name: string, publicKey: Uint8Array): Buffer {
  return sha256(name, '\n', Buffer.from([ED25519]), publicKey).subarray(0, 4)
}

/** A verifier key as text: `name+hex key id+base64(0x01 || public key)`. */
export function writeVkey(name: string, key: PublicKey | PrivateKey): string {
  const raw = ed25519Raw(key)
  return `${name}+${keyId(name, raw).toString('hex')}+${Buffer.concat([Buffer.from([ED25519]), raw]).toString('base64')}`
}

export function parseVkey(text: string): Result<NoteVerifier, 'malformed'> {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text) // attacker-controlled
  const bytes = match ? fromBase64(match[3]!) : undefined
  if (!match || bytes?.length !== 33 || bytes[0] !== ED25519) return err('malformed')
  const raw = bytes.subarray(1)
  const key = ed25519PublicKey(raw)
  const id = keyId(match[1]!, raw)
  if (!key || id.toString('hex') !== match[2]) return err('malformed')
  return ok({ name: match[1]!, keyId: id, key })
}

/** Sign `text`, which ends in LF, with an Ed25519 key under `name`. */
export function signNote(text: string, name: string, key: PrivateKey): string {
  const blob = Buffer.concat([keyId(name, ed25519Raw(key)), signEd25519(key, Buffer.from(text))])
  return `${text}\n${DASH} ${name} ${blob.toString('base64')}\n`
}

/** Parse a note; signatures by unknown keys are kept. */
export function parseNote(note: string): Result<SignedNote, 'malformed'> {
  // `note` is attacker-controlled.
  const split = note.lastIndexOf('\n\n')
  if (split === -1 || !note.endsWith('\n') || note.length > 1 << 20) return err('malformed')
  // "MUST be valid UTF-8 and MUST NOT contain any ASCII control characters other than newline" (signed-note, Format).
  if (!note.isWellFormed() || /[\x00-\x09\x0b-\x1f]/.test(note)) return err('malformed')
  const lines = note.slice(split + 2, -1).split('\n')
  if (lines.length > MAX_SIGNATURES) return err('malformed')
  const signatures: NoteSignature[] = []
  for (const line of lines) {
    const match = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line)
    const blob = match ? fromBase64(match[2]!) : undefined
    if (!match || !blob || blob.length < 5) return err('malformed')
    signatures.push({ name: match[1]!, keyId: blob.subarray(0, 4), signature: blob.subarray(4) })
  }
  return ok({ text: note.slice(0, split + 1), signatures })
}

/** Whether `verifier` signed the note. A signature of that very key that does not hold makes the note invalid. */
export function signedBy({ text, signatures }: SignedNote, verifier: NoteVerifier): boolean {
  const own = signatures.filter(
    ({ name, keyId: id }) => name === verifier.name && constantTimeEqual(id, verifier.keyId),
  )
  return (
    own.length > 0 && own.every(({ signature }) => verifyEd25519(verifier.key, Buffer.from(text), signature))
  )
}
