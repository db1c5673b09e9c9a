import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ed25519PrivateKey } from '../../src/core/crypto.ts'
import { type Bundle, type BundledEntry, parseBundle } from '../../src/core/evidence/bundle.ts'
import { parseTrust, type Trust } from '../../src/core/evidence/trust.ts'
import { verifyBundle } from '../../src/core/evidence/verify-bundle.ts'
import { canonicalJson } from '../../src/core/ledger/canonical-json.ts'
import { writeCheckpoint } from '../../src/core/ledger/checkpoint.ts'
import { commitment, parseEntry, SALT_BYTES, writeEntry } from '../../src/core/ledger/entry.ts'
import { signNote, writeVkey } from '../../src/core/ledger/note.ts'
import { inclusionProof, leafHash, type NodeAt, nodesOf, rootHash } from '../../src/core/merkle/tree.ts'
import { SK_ED25519 } from '../../src/core/ssh/public-key.ts'
import { armor, signedData, writeSshsig } from '../../src/core/ssh/sshsig.ts'
import { softKey } from './sk-agent.ts'

// A log that a gateway never wrote: take a true bundle, change what its entries say, and log and sign it anew. What the
// verifier refuses then, it refuses for what is said, since every hash and the checkpoint hold.

export const VECTORS = join(import.meta.dirname, '..', '..', 'vectors')

/** A payload or entry as a test edits it. */
export type Loose = any

export interface Edited {
  type: string
  /** Unix ms. */
  time: number
  says: Loose
}

export function golden(): { text: string; bundle: Bundle; trust: Trust } {
  const text = readFileSync(join(VECTORS, 'bundle', 'v1', 'bundle.json'), 'utf8')
  const bundle = parseBundle(text)
  const trust = parseTrust(readFileSync(join(VECTORS, 'bundle', 'v1', 'trust.json'), 'utf8'))
  if (!bundle.ok || !trust.ok) throw new Error('the golden bundle cannot be read')
  return { text, bundle: bundle.value, trust: trust.value }
}

/** Edit the entries by index (delete one to leave it out of the bundle), then log them under a key of one's own. */
export function relog(edit: (entries: Entries, bundle: Bundle) => void): {
  bundle: Bundle
  trust: Trust
} {
  const { bundle, trust } = golden()
  const edited: Entries = new Map()
  for (const { index, entry, payload } of bundle.entries) {
    const parsed = parseEntry(entry)
    if (!parsed.ok || !payload) throw new Error('the golden bundle has an entry without a payload')
    edited.set(index, {
      type: parsed.value.type,
      time: parsed.value.time,
      says: JSON.parse(Buffer.from(payload).toString()),
    })
  }
  edit(edited, bundle)
  const size = Math.max(...edited.keys()) + 2
  const salt = Buffer.alloc(SALT_BYTES, 9)
  const nodes = new Map<string, Uint8Array>()
  const at: NodeAt = (level, index) => nodes.get(`${level}/${index}`)!
  const logged: Omit<BundledEntry, 'proof'>[] = []
  for (let index = 0; index < size; index++) {
    const one = edited.get(index)
    const payload = one && Buffer.from(canonicalJson(one.says))
    const entry =
      one && payload
        ? writeEntry({ type: one.type, time: one.time, commit: commitment(salt, payload) })
        : Buffer.from(`${index}`)
    if (payload) logged.push({ index, entry, payload, salt })
    for (const node of nodesOf(index, leafHash(entry), at))
      nodes.set(`${node.level}/${node.index}`, node.hash)
  }
  const key = ed25519PrivateKey(Buffer.alloc(32, 3))
  const origin = 'relogged.example/ledger'
  const vkey = writeVkey(origin, key)
  return {
    bundle: {
      subject: bundle.subject,
      vkey,
      checkpoint: signNote(writeCheckpoint({ origin, size, root: rootHash(size, at) }), origin, key),
      entries: logged.map((one) => ({ ...one, proof: inclusionProof(one.index, size, at) })),
    },
    trust: { ...trust, ledger: [vkey] },
  }
}

export type Entries = Map<number, Edited>
export type Lie = readonly [name: string, lie: (entries: Entries, bundle: Bundle) => void, expected: RegExp]

/** The nth entry of a type, in the order of the log. */
export const of = (entries: Entries, type: string, nth = 0): Edited =>
  [...entries.values()].filter((entry) => entry.type === type)[nth]!
export const intent = (entries: Entries): Loose => of(entries, 'intent').says
/** Which enrolment of the golden bundle is whose. */
export const [PASSKEY, SSH_KEY] = [0, 1]

export function drop(entries: Entries, type: string, nth = 0): void {
  const one = of(entries, type, nth)
  for (const [index, entry] of entries) if (entry === one) entries.delete(index)
}

/** The verdict, or for an invalid bundle the step that failed. */
export function why(bundle: Bundle, trust: Trust | undefined): string {
  const { verdict, steps } = verifyBundle(bundle, trust)
  return verdict === 'invalid' ? steps.at(-1)!.say : verdict
}

export function refused(lie: Lie[1], expected: RegExp): void {
  const { bundle, trust } = relog(lie)
  assert.match(why(bundle, trust), expected)
}

/** Have the push signed again by a soft key, which takes the place of the enrolled one everywhere; `prove` that it is held. */
export function resign(
  entries: Entries,
  flags: number,
  options: { namespace?: string; statement?: (text: string) => string; prove?: boolean } = {},
): void {
  const key = softKey(SK_ED25519, 'x.pub')
  key.flags = flags
  const armored = (over: Buffer, namespace: string): string =>
    armor(
      writeSshsig({
        publicKey: key.blob,
        namespace,
        hash: 'sha512',
        signature: key.sign(signedData(namespace, 'sha512', over)),
      }),
    )
  const says = intent(entries)
  const before = Buffer.from(says.statement.text, 'base64').toString('latin1')
  const message = Buffer.from(options.statement?.(before) ?? before, 'latin1')
  says.statement.text = message.toString('base64')
  says.statement.signature = armored(message, options.namespace ?? 'git')
  says.proof.up = (flags & 1) !== 0
  says.proof.uv = (flags & 4) !== 0
  const enrolment = of(entries, 'device.enrol', SSH_KEY).says
  for (const device of [says.device, enrolment.device]) {
    device.publicKey = key.blob.toString('base64')
    device.credential = key.fingerprint
  }
  if (options.prove)
    enrolment.evidence.keyProofSignature = armored(
      Buffer.from(enrolment.evidence.keyProof),
      'ssh-key@countersign',
    )
}
