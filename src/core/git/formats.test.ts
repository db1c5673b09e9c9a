import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseAdvertisement, rewriteAdvertisement } from './advertisement.ts'
import { checkNonce, mintNonce, NONCE_MAX_AGE_MS } from './nonce.ts'
import { FLUSH, writePktLine } from './pkt-line.ts'
import { parsePushCertificate, writePushCertificate } from './push-cert.ts'
import { isRefName, pushableRef } from './ref-name.ts'
import { band, oneLine, parseReport, ReportObserver, writeRefusal } from './report-status.ts'

const A = '1'.repeat(40)
const B = '2'.repeat(40)

describe('push certificates', () => {
  const fields = {
    pusher: 'SHA256:x  1 +0000',
    pushee: 'http://h/a.git/',
    nonce: 'n',
    pushOptions: ['o p'],
    updates: [{ before: A, after: B, ref: 'refs/heads/\xe4' }],
  }
  const signature = '-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n'
  const text = writePushCertificate(fields)

  test('parse and write are inverse, bytes beyond ASCII included', () => {
    const parsed = parsePushCertificate(Buffer.concat([text, Buffer.from(signature)]))
    assert.deepEqual(parsed, { ok: true, value: { ...fields, text, signature } })
  })
  const bad: readonly [string, string, string][] = [
    ['no signature', text.toString('latin1'), 'no-signature'],
    [
      'an unknown header',
      text.toString('latin1').replace('nonce n', 'nonce n\nfuture x') + signature,
      'unknown-header',
    ],
    [
      'a header twice',
      text.toString('latin1').replace('nonce n', 'nonce n\nnonce m') + signature,
      'duplicate-header',
    ],
    ['no nonce', text.toString('latin1').replace('nonce n\n', '') + signature, 'no-nonce'],
    ['another version', text.toString('latin1').replace('0.1', '0.2') + signature, 'malformed'],
    ['no commands', text.toString('latin1').replace(/\n\n.*\n/, '\n\n\n') + signature, 'no-commands'],
    ['a second signature', text.toString('latin1') + signature + signature, 'malformed'],
    [
      'headers in another order than git writes',
      text.toString('latin1').replace(/(pushee .*\n)(nonce .*\n)/, '$2$1') + signature,
      'malformed',
    ],
    [
      'a ref longer than any path',
      text.toString('latin1').replace('heads/', `heads/${'a'.repeat(4096)}`) + signature,
      'malformed',
    ],
  ]
  for (const [name, bytes, error] of bad) {
    test(`refused: ${name}`, () =>
      assert.deepEqual(parsePushCertificate(Buffer.from(bytes, 'latin1')), { ok: false, error }))
  }
  test('whatever parses is what would be written again', () => {
    const whole = Buffer.concat([text, Buffer.from(signature)])
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.nat(255), fc.boolean(), (at, value, insert) => {
        const byte = Buffer.from([value])
        const changed = Buffer.concat([whole.subarray(0, at), byte, whole.subarray(insert ? at : at + 1)])
        const parsed = parsePushCertificate(changed)
        if (!parsed.ok) return
        assert.ok(writePushCertificate(parsed.value).equals(parsed.value.text))
        assert.ok(
          Buffer.concat([parsed.value.text, Buffer.from(parsed.value.signature, 'latin1')]).equals(changed),
        )
      }),
    )
  })
  test('never throws', () => {
    fc.assert(fc.property(fc.string(), (noise) => void parsePushCertificate(Buffer.from(noise + signature))))
  })
})

describe('ref names', () => {
  test('what git allows', () => {
    for (const ref of ['refs/heads/main', 'refs/tags/v1.0', 'refs/heads/a/b-c', 'refs/heads/\xe4'])
      assert.ok(isRefName(ref), ref)
  })
  test('what git or a command line would misread', () => {
    for (const ref of [
      '-x',
      'refs/heads/-x',
      'refs/heads/a..b',
      'refs/heads/a\x01',
      'refs/heads/a b',
      'refs/heads/',
      'refs/heads/.a',
      'refs/heads/a.lock',
      'refs/heads/a.',
      'refs/heads/a@{1',
      'refs/heads/a\\b',
      'refs//heads',
      'main',
      '',
      'refs/heads/a~1',
      'refs/heads/a^',
      'refs/heads/a:b',
      'refs/heads/a*',
      'refs/heads/\x7f',
    ])
      assert.ok(!isRefName(ref), JSON.stringify(ref))
  })
  test('only branches and tags can be pushed', () => {
    for (const ref of ['refs/heads/main', 'refs/tags/v1']) assert.ok(pushableRef(ref).ok)
    for (const ref of [
      'refs/pull/1/head',
      'refs/notes/x',
      'refs/replace/x',
      'HEAD',
      'refs/heads',
      'refs/headsx/a',
    ])
      assert.ok(!pushableRef(ref).ok, ref)
  })
})

describe('nonces', () => {
  const key = Buffer.alloc(32, 7)
  const scope = { repo: '3/code', account: 'alice', now: 1_800_000_000_000 }
  const nonce = mintNonce(key, scope)

  test('in the alphabet and length that git sends back', () =>
    assert.match(nonce, /^[A-Za-z0-9./+=_-]{1,255}$/))
  test('good for its repository, account and hour', () => {
    assert.ok(checkNonce(key, nonce, scope).ok)
    assert.ok(checkNonce(key, nonce, { ...scope, now: scope.now + NONCE_MAX_AGE_MS }).ok)
  })
  test('foreign, expired, early and malformed ones are told apart', () => {
    const error = (change: object, text = nonce): unknown =>
      (checkNonce(key, text, { ...scope, ...change }) as { error: string }).error
    assert.equal(error({ repo: '4/code' }), 'foreign')
    assert.equal(error({ repo: '3/wiki' }), 'foreign')
    assert.equal(error({ account: 'bob' }), 'foreign')
    assert.equal(error({ now: scope.now + NONCE_MAX_AGE_MS + 1000 }), 'expired')
    assert.equal(error({ now: scope.now - 120_000 }), 'from-the-future')
    assert.equal(error({}, 'x'), 'malformed')
    for (let i = 4; i < nonce.length; i++) {
      const other = nonce[i] === 'A' ? 'B' : 'A'
      assert.ok(
        !checkNonce(key, nonce.slice(0, i) + other + nonce.slice(i + 1), scope).ok || nonce[i] === '.',
        String(i),
      )
    }
  })
})

describe('advertisements', () => {
  const plain = Buffer.concat([
    writePktLine('# service=git-receive-pack\n'),
    FLUSH,
    writePktLine(`${A} refs/heads/main\0report-status delete-refs push-cert=old ofs-delta\n`),
    writePktLine(`${B} refs/tags/v1\n`),
    writePktLine(`${A} refs/tags/v1^{}\n`),
    FLUSH,
  ])

  test("our nonce in, the forge's out, the rest as it was", () => {
    const out = rewriteAdvertisement(plain, 'nonce-1')
    assert.ok(out.ok)
    const parsed = parseAdvertisement(out.value)
    assert.ok(parsed.ok)
    assert.deepEqual(parsed.value.capabilities, [
      'report-status',
      'delete-refs',
      'ofs-delta',
      'push-cert=nonce-1',
    ])
    assert.deepEqual(
      [...parsed.value.refs],
      [
        ['refs/heads/main', A],
        ['refs/tags/v1', B],
      ],
    )
    assert.ok(out.value.subarray(-60).equals(plain.subarray(-60)))
  })
  test('a first line with no room for the nonce is refused, not thrown', () => {
    const line = `${A} refs/heads/${'a'.repeat(65440)}\0report-status\n`
    assert.deepEqual(rewriteAdvertisement(Buffer.concat([writePktLine(line), FLUSH]), 'n'.repeat(80)), {
      ok: false,
      error: 'malformed',
    })
  })
  test('a capability that only begins like push-cert stays', () => {
    const bytes = Buffer.concat([writePktLine(`${A} refs/heads/main\0push-certificates x\n`), FLUSH])
    const out = rewriteAdvertisement(bytes, undefined)
    assert.ok(out.ok && out.value.equals(bytes))
  })
  test('no nonce: nothing is asked for', () => {
    const out = rewriteAdvertisement(plain, undefined)
    assert.ok(out.ok && !out.value.includes('push-cert'))
  })
  test('an empty repository', () => {
    const empty = Buffer.concat([writePktLine(`${'0'.repeat(40)} capabilities^{}\0report-status\n`), FLUSH])
    const parsed = parseAdvertisement(empty)
    assert.ok(parsed.ok && parsed.value.refs.size === 0)
    assert.ok(rewriteAdvertisement(empty, 'n').ok)
  })
  test('never throws, and nothing trails', () => {
    assert.ok(!parseAdvertisement(Buffer.concat([plain, Buffer.from('x')])).ok)
    fc.assert(
      fc.property(fc.nat(plain.length - 1), fc.nat(255), (at, value) => {
        const bytes = Buffer.from(plain)
        bytes[at] = value
        parseAdvertisement(bytes)
        rewriteAdvertisement(bytes, 'n')
      }),
    )
  })
})

describe('reports', () => {
  const report = Buffer.concat([
    writePktLine('unpack ok\n'),
    writePktLine('ok refs/heads/a\n'),
    writePktLine('option old-oid x\n'),
    writePktLine('ng refs/heads/b no way\n'),
    FLUSH,
  ])
  const expected = [
    { ref: 'refs/heads/a', ok: true },
    { ref: 'refs/heads/b', ok: false, reason: 'no way' },
  ]

  test('plain and inside a side band, in any chunks', () => {
    assert.deepEqual(parseReport(report), expected)
    const wire = Buffer.concat([
      band(2, Buffer.from('remote text\n')),
      band(1, report.subarray(0, 20)),
      band(1, report.subarray(20)),
      FLUSH,
    ])
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), (size) => {
        const observer = new ReportObserver(['report-status', 'side-band-64k'])
        for (let at = 0; at < wire.length; at += size) observer.push(wire.subarray(at, at + size))
        assert.deepEqual(observer.refs(), expected)
      }),
    )
  })
  test('a failed unpack means no ref moved; a cut report is no report', () => {
    assert.deepEqual(
      parseReport(
        Buffer.concat([writePktLine('unpack index-pack failed\n'), writePktLine('ok refs/heads/a\n'), FLUSH]),
      ),
      [{ ref: 'refs/heads/a', ok: false }],
    )
    for (let end = 0; end < report.length; end++) assert.equal(parseReport(report.subarray(0, end)), null)
  })
  test('receive-pack knows one side band: a client that names the old one gets a plain report', () => {
    const observer = new ReportObserver(['report-status', 'side-band'])
    observer.push(report)
    assert.deepEqual(observer.refs(), expected)
  })
  test('the observer leaves what passes by as it was', () => {
    const wire = Buffer.concat([band(2, Buffer.from('x\n')), band(1, report), FLUSH])
    const before = Buffer.from(wire)
    const observer = new ReportObserver(['side-band-64k'])
    observer.push(wire)
    const told = observer.refs()
    wire.fill(0) // a pooled buffer that is used again
    assert.deepEqual(observer.refs(), told)
    assert.ok(!before.equals(wire) && told?.length === 2)
  })
  test('what programs of the forge said beside the report, on one line and not without end', () => {
    const wire = Buffer.concat([
      band(2, Buffer.from('Gogs: no\x1b[31m\n')),
      band(1, report),
      band(2, Buffer.from(`${'x'.repeat(9000)}\n`)),
      FLUSH,
    ])
    for (const size of [1, 7, wire.length]) {
      const observer = new ReportObserver(['report-status', 'side-band-64k'])
      for (let at = 0; at < wire.length; at += size) observer.push(wire.subarray(at, at + size))
      assert.match(observer.said(), /^Gogs: no \[31m x{10}/)
      assert.ok(observer.said().length <= 1000)
      assert.deepEqual(observer.refs(), expected)
    }
    assert.equal(new ReportObserver([]).said(), '')
  })
  test('ten thousand refused refs in as many packets as it takes', () => {
    const refs = Array.from({ length: 10_000 }, (_, i) => `refs/heads/${'b'.repeat(40)}-${i}`)
    const observer = new ReportObserver(['side-band-64k'])
    observer.push(writeRefusal(['report-status', 'side-band-64k'], refs, 'denied', []))
    assert.deepEqual(
      observer.refs()?.map(({ ref }) => ref),
      refs,
    )
  })
  test('a refusal reads back as one', () => {
    const observer = new ReportObserver(['side-band-64k'])
    observer.push(writeRefusal(['report-status', 'side-band-64k'], ['refs/heads/a'], 'denied', ['why']))
    assert.deepEqual(observer.refs(), [{ ref: 'refs/heads/a', ok: false, reason: 'denied' }])
  })
  test('text for a terminal is one printable line', () => {
    assert.equal(oneLine('a\x1b[31m\nb\u202ec'), 'a [31m b c')
    for (const code of [0x00ad, 0x061c, 0x200b, 0x2028, 0x2060, 0x2066, 0xfeff, 0xe000, 0xe0041, 0x9b])
      assert.equal(oneLine(`a${String.fromCodePoint(code)}b`), 'a b', code.toString(16))
    assert.equal(oneLine('é 漢字 🔑'), 'é 漢字 🔑')
  })
})
