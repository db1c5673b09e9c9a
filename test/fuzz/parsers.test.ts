import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalUrl } from '../../src/core/canonical-url.ts'
import { parseBundle } from '../../src/core/evidence/bundle.ts'
import { parseTrust } from '../../src/core/evidence/trust.ts'
import { verifyBundle } from '../../src/core/evidence/verify-bundle.ts'
import { parseAdvertisement, rewriteAdvertisement } from '../../src/core/git/advertisement.ts'
import { parseCommit } from '../../src/core/git/commit-object.ts'
import { HeadCollector } from '../../src/core/git/head-collector.ts'
import type { FileChange } from '../../src/core/git/landing.ts'
import { ObjectStream } from '../../src/core/git/object-stream.ts'
import { parsePatch } from '../../src/core/git/patch.ts'
import { parsePushCertificate } from '../../src/core/git/push-cert.ts'
import { RawDiffReader } from '../../src/core/git/raw-diff.ts'
import { parseReport, ReportObserver } from '../../src/core/git/report-status.ts'
import { parseTag } from '../../src/core/git/tag-object.ts'
import { parseCanonicalJson } from '../../src/core/ledger/canonical-json.ts'
import { parseCheckpoint } from '../../src/core/ledger/checkpoint.ts'
import { parseEntry } from '../../src/core/ledger/entry.ts'
import { parseNote, parseVkey } from '../../src/core/ledger/note.ts'
import { es256Point } from '../../src/core/ssh/cose-es256.ts'
import { p1363FromDer } from '../../src/core/ssh/ecdsa-der.ts'
import { parsePublicKey, parsePublicKeyLine, SK_ECDSA, SK_ED25519 } from '../../src/core/ssh/public-key.ts'
import { parseSkSignature } from '../../src/core/ssh/sk-signature.ts'
import { dearmor, parseSshsig, signedData, verifySshsig } from '../../src/core/ssh/sshsig.ts'
import { parseStatement } from '../../src/core/statement/statement.ts'
import { certifiedBody, certify, plainBody, ZERO } from '../support/raw-push.ts'
import { softKey } from '../support/sk-agent.ts'

// No bytes may make a parser throw: a thrown error is a crashed request at best. Real messages, mutated.

const RUNS = process.env['CI'] ? 20_000 : 4_000
const update = { before: ZERO, after: '1'.repeat(40), ref: 'refs/heads/main' }
const keys = [softKey(SK_ED25519, ''), softKey(SK_ECDSA, '')]
const certificates = keys.map((key) =>
  certify(key, { nonce: 'n', pushee: 'http://h/a.git/', updates: [update] }),
)
const seeds: readonly Buffer[] = [
  ...keys.map(({ blob }) => blob),
  ...keys.map((key) => key.sign(Buffer.from('x'))),
  ...certificates.map(({ signature }) => Buffer.from(signature)),
  ...certificates.map(({ signature }) => dearmor(signature)!),
  ...certificates.map((certificate) => certifiedBody(certificate)),
  ...certificates.map(({ text, signature }) => Buffer.concat([text, Buffer.from(signature)])),
  plainBody([update]),
  Buffer.from('003f1111111111111111111111111111111111111111 refs/heads/main\0a b\n0000'),
  Buffer.from('000eunpack ok\n0018ok refs/heads/main\n0000'),
  Buffer.from(
    'localhost/ledger\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u2014 localhost/ledger AAAAAAAA\n',
  ),
  Buffer.from('{"commit":"0","time":"2026-01-01T00:00:00.000Z","type":"intent","v":1}'),
  Buffer.from(
    `countersign statement v1\norigin http://h\nactor a forge-id 1\naction git-password.create\npolicy sha256:${'0'.repeat(64)}\nissued 2026-01-01T00:00:00Z\nexpires 2026-01-01T00:05:00Z\nnonce ${'A'.repeat(43)}\n`,
  ),
  Buffer.from(`tree ${'1'.repeat(40)}\nauthor A <a@b> 1 +0000\ncommitter C <c@d> 2 +0000\n\nmessage\n`),
  Buffer.from(`object ${'1'.repeat(40)}\ntype commit\ntag v1\ntagger T <t@u> 1 +0000\n\nnotes\n`),
  Buffer.from(`${'1'.repeat(40)} blob 3\nabc\n${'2'.repeat(40)} missing\n`),
  Buffer.from(`:100644 100644 ${'1'.repeat(40)} ${'2'.repeat(40)} R90\0a\0b\x001\t2\t\0a\0b\0`),
  Buffer.from(
    'diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,2 +1 @@ f\n one\n-two\n\\ No newline at end of file\n',
  ),
  Buffer.from('/keeper/hello.git/info/refs?service=git-receive-pack'),
  readFileSync(new URL('../../package.json', import.meta.url)),
]

const mutated = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom('set', 'cut', 'insert', 'repeat'), fc.nat(255)), {
      maxLength: 8,
    }),
  )
  .map(([seed, edits]) => {
    let bytes = Buffer.from(seed)
    for (const [where, how, value] of edits) {
      const at = bytes.length === 0 ? 0 : where % bytes.length
      if (how === 'set' && bytes.length > 0) bytes[at] = value
      else if (how === 'cut')
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + (value % 16))])
      else if (how === 'insert')
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([value]), bytes.subarray(at)])
      else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + value), bytes.subarray(at)])
    }
    return bytes
  })

const CHANGES: readonly FileChange[] = (['modified', 'type-changed'] as const).map((status) => ({
  path: 'a',
  from: null,
  status,
  modes: ['100644', '100644'],
  added: 1,
  removed: 1,
}))

const PARSERS: Record<string, (bytes: Buffer) => unknown> = {
  'receive-pack head': (bytes) => [
    new HeadCollector().push(bytes),
    (() => {
      const head = new HeadCollector()
      head.push(bytes)
      return head.end()
    })(),
  ],
  'push certificate': parsePushCertificate,
  advertisement: (bytes) => [parseAdvertisement(bytes), rewriteAdvertisement(bytes, 'n')],
  report: (bytes) => {
    const observer = new ReportObserver(['side-band-64k'])
    observer.push(bytes)
    return [observer.refs(), parseReport(bytes)]
  },
  'commit and tag': (bytes) => [parseCommit('', bytes, false), parseTag(bytes, true)],
  'object stream': (bytes) => new ObjectStream(2, () => {}).push(bytes),
  'changed files': (bytes) => {
    const reader = new RawDiffReader()
    reader.push(bytes)
    return reader.end()
  },
  patch: (bytes) => parsePatch(bytes, CHANGES, false),
  'public key': (bytes) => [parsePublicKey(bytes), parsePublicKeyLine(bytes.toString('latin1'))],
  'sk signature': (bytes) =>
    keys.map((key) => {
      const parsed = parsePublicKey(key.blob)
      return parsed.ok && parseSkSignature(bytes, parsed.value)
    }),
  sshsig: (bytes) => [
    parseSshsig(bytes),
    dearmor(bytes.toString('latin1')),
    verifySshsig(bytes.toString('latin1'), Buffer.from('x'), 'git', 'http://h'),
    signedData('git', 'sha512', bytes),
  ],
  'der and cose': (bytes) => [p1363FromDer(bytes), es256Point(bytes)],
  note: (bytes) => [
    parseNote(bytes.toString('utf8')),
    parseVkey(bytes.toString('utf8')),
    parseCheckpoint(bytes.toString('utf8')),
  ],
  entry: (bytes) => [parseEntry(bytes), parseCanonicalJson(bytes.toString('utf8'))],
  statement: (bytes) => parseStatement(bytes.toString('utf8')),
  bundle: (bytes) => {
    const parsed = parseBundle(bytes.toString('utf8'))
    return [parseTrust(bytes.toString('utf8')), parsed.ok && verifyBundle(parsed.value, undefined)]
  },
  address: (bytes) => canonicalUrl(bytes.toString('latin1')),
}

for (const [name, parse] of Object.entries(PARSERS)) {
  test(`${name} never throws`, () => {
    fc.assert(
      fc.property(mutated, (bytes) => void parse(bytes)),
      { numRuns: RUNS },
    )
  })
}

test('any flipped bit of a signed certificate is noticed', () => {
  for (const { text, signature } of certificates) {
    const blob = dearmor(signature)!
    for (let bit = 0; bit < text.length * 8; bit += 7) {
      const changed = Buffer.from(text)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      if (verifySshsig(signature, changed, 'git', null).ok) throw new Error(`bit ${bit} of the text`)
    }
    for (let bit = 0; bit < blob.length * 8; bit++) {
      const changed = Buffer.from(blob)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      const lines = changed
        .toString('base64')
        .match(/.{1,70}/g)!
        .join('\n')
      const result = verifySshsig(
        `-----BEGIN SSH SIGNATURE-----\n${lines}\n-----END SSH SIGNATURE-----\n`,
        text,
        'git',
        null,
      )
      // Flags and counter are signed; the key is compared with the device's by its fingerprint.
      if (result.ok) throw new Error(`bit ${bit} of the signature`)
    }
  }
})
