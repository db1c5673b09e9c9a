import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heldPusher, writeHeldCertificate } from './held-certificate.ts'
import { parseCertificateText, parsePushCertificate } from './push-cert.ts'

const ID = '1'.repeat(40)
const ZERO = '0'.repeat(40)
const push = {
  pushee: 'https://git.example.com/acme/app.git',
  nonce: 'cs1.x.y.z',
  pushOptions: ['ci.skip'],
  updates: [
    { before: ZERO, after: ID, ref: 'refs/heads/main' },
    { before: ID, after: ZERO, ref: 'refs/tags/v1' },
  ],
}
const who = { name: 'alice', portal: 'https://id.git.example.com', time: 1_795_502_254_000 }

test('a written certificate is one that git could have written, and says who wrote it', () => {
  const text = writeHeldCertificate(who, push)
  assert.match(
    text.toString(),
    /^certificate version 0\.1\npusher alice, written by the gateway at https:\/\/id\.git\.example\.com 1795502254 \+0000\n/,
  )
  const parsed = parseCertificateText(text)
  assert.ok(parsed.ok)
  const { pusher, text: signed, ...said } = parsed.value
  assert.deepEqual(said, push)
  assert.deepEqual(signed, text)
  assert.deepEqual(heldPusher({ pusher }), who)
})

test('what git wrote is not taken for ours', () => {
  for (const pusher of [
    'SHA256:Wbnp  1795502254 +0000',
    'alice, written by the gateway at https://id.git.example.com 1795502254 +0100',
    'al ice, written by the gateway at https://id.git.example.com 1795502254 +0000',
    'alice, written by the gateway at https://id.git.example.com/x 1795502254 +0000',
    'a, written by the gateway at https://x 1, written by the gateway at https://y 1 +0000',
  ])
    assert.equal(heldPusher({ pusher }), undefined, pusher)
})

test('a name that could break the line is never written', () => {
  for (const name of ['', 'a b', 'a\nnonce x', 'a,b', 'é'])
    assert.throws(() => writeHeldCertificate({ ...who, name }, push), RangeError)
})

test('a text is no text when a signature stands in it, and no certificate without one', () => {
  const text = writeHeldCertificate(who, push)
  assert.equal(parsePushCertificate(text).ok, false)
  assert.equal(
    parseCertificateText(Buffer.concat([text, Buffer.from('-----BEGIN SSH SIGNATURE-----\n')])).ok,
    false,
  )
  // Whole lines of commands apart, no beginning of it is a certificate.
  const commands = text.indexOf('\n\n') + 2
  for (let i = 0; i < text.length; i++)
    assert.equal(parseCertificateText(text.subarray(0, i)).ok, i > commands && text[i - 1] === 10, String(i))
})
