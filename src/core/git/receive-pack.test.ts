import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HeadCollector } from './head-collector.ts'
import { FLUSH, writePktLine } from './pkt-line.ts'
import {
  type HeadState,
  type ReceivePackHead,
  readReceivePackHead,
  writeReceivePackHead,
} from './receive-pack.ts'

const A = '1'.repeat(40)
const B = '2'.repeat(40)
const SIGNATURE = '-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n'
const CAPS = 'report-status side-band-64k push-options agent=git/2.39.5'

function lines(...parts: (string | Buffer)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? writePktLine(part) : part)))
}

function certified(commands: readonly string[], options: readonly string[] = [], caps = CAPS): Buffer {
  const text = [
    'certificate version 0.1',
    'pusher SHA256:x  1 +0000',
    'pushee http://127.0.0.1:1/a/b.git/',
    'nonce n',
    ...options.map((option) => `push-option ${option}`),
    '',
    ...commands,
  ]
  return lines(
    `push-cert\0 ${caps}`,
    ...text.map((line) => `${line}\n`),
    ...SIGNATURE.trimEnd()
      .split('\n')
      .map((line) => `${line}\n`),
    'push-cert-end\n',
    FLUSH,
    ...(caps.includes('push-options') ? [...options, FLUSH] : []),
  )
}

function headOf(state: HeadState): ReceivePackHead {
  assert.equal(state.kind, 'head')
  return (state as Extract<HeadState, { kind: 'head' }>).head
}

const update = fc
  .record({
    before: fc.constantFrom(A, B, '0'.repeat(40)),
    after: fc.constantFrom(A, B, '0'.repeat(40)),
    ref: fc.stringMatching(/^refs\/heads\/[a-z\xe4\xff]{1,20}$/),
  })
  .map((plain) => ({ ...plain }))

test('plain commands, and the pack behind them', () => {
  const state = readReceivePackHead(
    Buffer.concat([
      lines(`${A} ${B} refs/heads/main\0 ${CAPS}`, `${B} ${A} refs/tags/v1`, FLUSH, 'ci.skip', FLUSH),
      Buffer.from('PACK...'),
    ]),
    false,
  )
  assert.deepEqual(headOf(state).updates, [
    { before: A, after: B, ref: 'refs/heads/main' },
    { before: B, after: A, ref: 'refs/tags/v1' },
  ])
  assert.deepEqual(headOf(state).pushOptions, ['ci.skip'])
  assert.equal((state as { rest: Buffer }).rest.toString(), 'PACK...')
})

test('a certificate, its options and its exact bytes', () => {
  const head = headOf(
    readReceivePackHead(certified([`${A} ${B} refs/heads/main`], ['ci.skip', 'a b']), false),
  )
  assert.deepEqual(head.updates, [{ before: A, after: B, ref: 'refs/heads/main' }])
  assert.ok(head.certificate?.toString().startsWith('certificate version 0.1\n'))
  assert.ok(head.certificate?.toString().endsWith(SIGNATURE))
})

test('the probe is a flush and nothing else', () => {
  assert.equal(readReceivePackHead(FLUSH, true).kind, 'probe')
  assert.deepEqual(readReceivePackHead(Buffer.from('0000PACK'), false), { kind: 'error', error: 'malformed' })
})

test('SHA-256 ids, and never two lengths in one command', () => {
  const long = 'a'.repeat(64)
  assert.equal(
    headOf(readReceivePackHead(lines(`${long} ${long} refs/heads/main\0 object-format=sha256`, FLUSH), false))
      .updates.length,
    1,
  )
  assert.equal(readReceivePackHead(lines(`${A} ${long} refs/heads/main\0 x`, FLUSH), false).kind, 'error')
})

const REFUSED: readonly [string, Buffer, string][] = [
  ['no capabilities', lines(`${A} ${B} refs/heads/main`, FLUSH), 'malformed'],
  [
    'capabilities twice',
    lines(`${A} ${B} refs/heads/main\0 x`, `${A} ${B} refs/heads/b\0 x`, FLUSH),
    'malformed',
  ],
  [
    'commands after a certificate',
    Buffer.concat([
      certified([`${A} ${B} refs/heads/main`], [], 'x').subarray(0, -4),
      lines(`${A} ${B} refs/heads/evil`, FLUSH),
    ]),
    'mixed',
  ],
  ['a certificate after commands', lines(`${A} ${B} refs/heads/main\0 x`, 'push-cert', FLUSH), 'mixed'],
  [
    'a flush inside the certificate',
    lines('push-cert\0 x', 'certificate version 0.1\n', FLUSH, 'push-cert-end\n', FLUSH),
    'malformed',
  ],
  [
    'two signatures',
    certified([`${A} ${B} refs/heads/main`, ...SIGNATURE.trimEnd().split('\n')], [], 'x'),
    'malformed',
  ],
  ['a NUL inside the certificate', certified([`${A} ${B} refs/heads/ma\0in`], [], 'x'), 'malformed'],
  [
    'options that were not signed',
    Buffer.concat([
      certified([`${A} ${B} refs/heads/main`], ['signed']).subarray(0, -14),
      lines('other', FLUSH),
    ]),
    'options-differ',
  ],
  [
    'signed options that are not sent',
    certified([`${A} ${B} refs/heads/main`], ['signed'], 'x'),
    'options-differ',
  ],
  [
    'no command',
    lines(
      'push-cert\0 x',
      'certificate version 0.1\n',
      'pusher p\n',
      'nonce n\n',
      '\n',
      ...SIGNATURE.trimEnd()
        .split('\n')
        .map((line) => `${line}\n`),
      'push-cert-end\n',
      FLUSH,
    ),
    'malformed',
  ],
  ['a ref longer than any path', lines(`${A} ${B} refs/heads/${'a'.repeat(4096)}\0 x`, FLUSH), 'malformed'],
  [
    'options under a flag with a value',
    lines(`${A} ${B} refs/heads/a\0 push-options=1`, FLUSH, 'o', FLUSH),
    'malformed',
  ],
  ['a delimiter of protocol v2', Buffer.from('0001'), 'malformed'],
  ['an end of protocol v2', Buffer.from('0002'), 'malformed'],
  ['shallow after commands', lines(`${A} ${B} refs/heads/a\0 x`, `shallow ${A}`, FLUSH), 'malformed'],
  ['shallow and nothing else', lines(`shallow ${A}`, FLUSH), 'malformed'],
  ['upper-case ids', lines(`${'A'.repeat(40)} ${B} refs/heads/main\0 x`, FLUSH), 'malformed'],
  ['a length below four', Buffer.from('0003'), 'malformed'],
  ['a length that is no number', Buffer.from('00g0xx'), 'malformed'],
  ['a signed length', Buffer.from('+010xxxxxxxxxxxx'), 'malformed'],
  ['a length above 65520', Buffer.from('fff1'), 'malformed'],
]

for (const [name, bytes, error] of REFUSED) {
  test(`refused: ${name}`, () =>
    assert.deepEqual(readReceivePackHead(bytes, false), { kind: 'error', error }))
}

test('limits: commands, certificate, head', () => {
  const limits = { commands: 2, certificateBytes: 400, headBytes: 2000 }
  const many = lines(`${A} ${B} refs/heads/a\0 x`, `${A} ${B} refs/heads/b`, `${A} ${B} refs/heads/c`, FLUSH)
  assert.deepEqual(readReceivePackHead(many, false, limits), { kind: 'error', error: 'too-many-commands' })
  const large = certified([`${A} ${B} refs/heads/${'a'.repeat(400)}`], [], 'x')
  assert.deepEqual(readReceivePackHead(large, false, limits), {
    kind: 'error',
    error: 'certificate-too-large',
  })
  const endless = Buffer.from(`07d8${'x'.repeat(2100)}`)
  assert.deepEqual(readReceivePackHead(endless, false, limits), { kind: 'error', error: 'too-large' })
})

test('a head cut short is never taken for a whole one', () => {
  const whole = certified([`${A} ${B} refs/heads/main`], ['o'])
  for (let end = 5; end < whole.length; end++) {
    assert.equal(readReceivePackHead(whole.subarray(0, end), false).kind, 'need-more', String(end))
    assert.deepEqual(readReceivePackHead(whole.subarray(0, end), true), { kind: 'error', error: 'malformed' })
  }
})

test('written heads read back the same', () => {
  fc.assert(
    fc.property(
      fc.array(update, { minLength: 1, maxLength: 20 }),
      fc.array(fc.stringMatching(/^[a-z=]{1,9}$/), { maxLength: 3 }),
      (updates, pushOptions) => {
        const head = { shallow: [A], updates, capabilities: ['report-status', 'push-options'], pushOptions }
        assert.deepEqual(headOf(readReceivePackHead(writeReceivePackHead(head), false)), {
          ...head,
          certificate: null,
        })
      },
    ),
  )
})

test('chunk boundaries do not matter', () => {
  const whole = Buffer.concat([
    certified([`${A} ${B} refs/heads/main`, `${B} ${A} refs/tags/t`], ['o']),
    Buffer.from('PACKxyz'),
  ])
  const expected = headOf(readReceivePackHead(whole, false))
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 }), (sizes) => {
      const collector = new HeadCollector()
      let at = 0
      for (let i = 0; ; i++) {
        const chunk = whole.subarray(at, at + sizes[i % sizes.length]!)
        at += chunk.length
        const state = collector.push(chunk)
        if (state.kind === 'need-more') continue
        assert.deepEqual(headOf(state), expected)
        assert.equal(
          Buffer.concat([(state as { rest: Buffer }).rest, whole.subarray(at)]).toString(),
          'PACKxyz',
        )
        return
      }
    }),
  )
})

test('no bytes make it throw', () => {
  const seed = certified([`${A} ${B} refs/heads/main`], ['o'])
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(255)), { maxLength: 6 }), (edits) => {
      const bytes = Buffer.from(seed)
      for (const [at, value] of edits) bytes[at] = value
      readReceivePackHead(bytes, true)
      new HeadCollector().push(bytes)
    }),
  )
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      (bytes) => void readReceivePackHead(Buffer.from(bytes), true),
    ),
  )
})
