import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ForgeError } from '../forge.ts'
import { parseAdvertisement } from './refs.ts'

const A = '1'.repeat(40)
const B = '2'.repeat(40)
const pkt = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes])
}
const body = (...lines: string[]): Buffer =>
  Buffer.concat([
    pkt('# service=git-upload-pack\n'),
    Buffer.from('0000'),
    ...lines.map(pkt),
    Buffer.from('0000'),
  ])
const entries = (bytes: Buffer): [string, string][] => [...parseAdvertisement(bytes)]

test('reads refs and leaves out HEAD, peeled values and capabilities', () => {
  const lines = [
    `${A} HEAD\0ofs-delta symref=HEAD:refs/heads/main\n`,
    `${A} refs/heads/main\n`,
    `${B} refs/tags/v1\n`,
    `${A} refs/tags/v1^{}\n`,
  ]
  assert.deepEqual(entries(body(...lines)), [
    ['refs/heads/main', A],
    ['refs/tags/v1', B],
  ])
  assert.deepEqual(entries(body(`${'0'.repeat(40)} capabilities^{}\0ofs-delta\n`)), [])
  assert.deepEqual(entries(body(`${'a'.repeat(64)} refs/heads/main\0object-format=sha256\n`)), [
    ['refs/heads/main', 'a'.repeat(64)],
  ])
})

test('reads names as bytes', () => {
  assert.deepEqual(entries(body(`${A} refs/heads/\xff\xe9\n`)), [['refs/heads/\xff\xe9', A]])
})

test('refuses what is no advertisement', () => {
  const good = body(`${A} refs/heads/main\0x\n`)
  const bad: Record<string, Buffer> = {
    empty: Buffer.alloc(0),
    'no end': good.subarray(0, -4),
    'something after the end': Buffer.concat([good, Buffer.from('0000')]),
    'half a line': good.subarray(0, -10),
    'another service': Buffer.concat([pkt('# service=git-receive-pack\n'), Buffer.from('00000000')]),
    'an error line': body('ERR no\n'),
    'a short id': body(`${A.slice(1)} refs/heads/main\n`),
    'a ref twice': body(`${A} refs/heads/main\n`, `${B} refs/heads/main\n`),
    'length 1': Buffer.from('0001'),
    'length 3': Buffer.from('0003'),
    'no hex': Buffer.from('00x0'),
    html: Buffer.from('<!DOCTYPE html>'),
  }
  for (const [what, bytes] of Object.entries(bad))
    assert.throws(() => parseAdvertisement(bytes), ForgeError, what)
})

test('gives back any set of refs, and fails on bytes only in its own way', () => {
  const name = fc.stringMatching(/^refs\/heads\/[a-z0-9/._-]{1,20}$/)
  const id = fc.stringMatching(/^[0-9a-f]{40}$/)
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(name, id), { selector: ([ref]) => ref }), (refs) => {
      assert.deepEqual(entries(body(...refs.map(([ref, value]) => `${value} ${ref}\n`))), refs)
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(80), (bytes, at) => {
      const broken = Buffer.from(body(`${A} refs/heads/main\0x\n`))
      broken.set(bytes.subarray(0, broken.length - Math.min(at, broken.length)), Math.min(at, broken.length))
      for (const input of [Buffer.from(bytes), broken]) {
        try {
          parseAdvertisement(input)
        } catch (error) {
          assert.ok(error instanceof ForgeError)
        }
      }
    }),
  )
})
