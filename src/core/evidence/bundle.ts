import { fromBase64 } from '../bytes.ts'
import type { Json } from '../ledger/canonical-json.ts'
import { err, ok, type Result } from '../result.ts'

/** One entry with its proof, as docs/formats/bundle.md has it. */
export interface BundledEntry {
  readonly index: number
  readonly entry: Uint8Array
  /** Null after erasure: what the entry was about can no longer be shown. */
  readonly payload: Uint8Array | null
  readonly salt: Uint8Array | null
  /** Inclusion proof to the bundle's checkpoint, from the leaf up. */
  readonly proof: readonly Uint8Array[]
}

/** One file of evidence about one push. */
export interface Bundle {
  /** Ledger index of the intent. */
  readonly subject: number
  readonly vkey: string
  /** The signed note. */
  readonly checkpoint: string
  readonly entries: readonly BundledEntry[]
}

const VERSION_KEY = 'countersign-bundle'
/** A chain of devices, a push and its outcome; nothing legitimate is near it. */
const MAX_ENTRIES = 1000
const MAX_FILE = 32 << 20

export function writeBundle({ subject, vkey, checkpoint, entries }: Bundle): string {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
  const json: Json = {
    [VERSION_KEY]: 1,
    subject,
    vkey,
    checkpoint,
    entries: entries.map(({ index, entry, payload, salt, proof }) => ({
      index,
      entry: base64(entry),
      payload: payload && base64(payload),
      salt: salt && base64(salt),
      proof: proof.map(base64),
    })),
  }
  return `${JSON.stringify(json, null, 1)}\n`
}

/**
 * Read a bundle: exactly these members, every value of its kind, entries in rising order, and the very text that
 * {@link writeBundle} writes, so that no byte of the file can be changed unnoticed.
 */
export function parseBundle(text: string): Result<Bundle, string> {
  if (text.length > MAX_FILE) return err('the file is larger than 32 MiB')
  let value: unknown
  try {
    value = JSON.parse(text) // attacker-controlled
  } catch {
    return err('the file is not JSON')
  }
  if (!isRecord(value) || !hasExactly(value, [VERSION_KEY, 'subject', 'vkey', 'checkpoint', 'entries']))
    return err('the file is not a bundle')
  const { subject, vkey, checkpoint, entries: list } = value
  if (value[VERSION_KEY] !== 1) return err('the bundle is of a version this release does not know')
  if (!isIndex(subject) || typeof vkey !== 'string' || typeof checkpoint !== 'string' || !Array.isArray(list))
    return err('the bundle is malformed')
  if (list.length > MAX_ENTRIES) return err('the bundle has too many entries')
  const entries: BundledEntry[] = []
  for (const item of list as unknown[]) {
    const entry = parseEntryItem(item)
    if (!entry || entry.index <= (entries.at(-1)?.index ?? -1))
      return err(`entry ${entries.length} of the bundle is malformed`)
    entries.push(entry)
  }
  const bundle = { subject, vkey, checkpoint, entries }
  return writeBundle(bundle) === text ? ok(bundle) : err('the bundle is not as this program writes it')
}

function parseEntryItem(item: unknown): BundledEntry | undefined {
  if (!isRecord(item) || !hasExactly(item, ['index', 'entry', 'payload', 'salt', 'proof'])) return undefined
  const { index, proof } = item
  if (!isIndex(index) || !Array.isArray(proof) || proof.length > 64) return undefined
  const entry = bytes(item['entry'])
  const payload = item['payload'] === null ? null : bytes(item['payload'])
  const salt = item['salt'] === null ? null : bytes(item['salt'])
  const hashes = proof.map(bytes)
  if (!entry || payload === undefined || salt === undefined || (payload === null) !== (salt === null))
    return undefined
  if (!hashes.every((hash): hash is Buffer => hash?.length === 32)) return undefined
  return { index, entry, payload, salt, proof: hashes }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function hasExactly(value: object, names: readonly string[]): boolean {
  return Object.keys(value).length === names.length && names.every((name) => Object.hasOwn(value, name))
}

function isIndex(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function bytes(value: unknown): Buffer | undefined {
  return typeof value === 'string' ? fromBase64(value) : undefined
}
