import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ObjectStream, type StreamedObject } from './object-stream.ts'

const A = '1'.repeat(40)
const B = '2'.repeat(40)
const whole = Buffer.from(`${A} commit 5\nab\ncd\n${B} missing\n${B} tag 0\n\n${A} blob 3\nxyz\n`)

function read(
  bytes: Buffer,
  sizes: readonly number[],
  kept = 100,
): { objects: StreamedObject[]; stream: ObjectStream } {
  const objects: StreamedObject[] = []
  const stream = new ObjectStream(kept, (object) => objects.push(object))
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!
    if (!stream.push(bytes.subarray(at, at + size))) break
    at += size
  }
  return { objects, stream }
}

describe('objects as git streams them', () => {
  test('one behind the other, in any chunks', () => {
    const { objects, stream } = read(whole, [whole.length])
    assert.deepEqual(
      objects.map(({ id, type, bytes, more }) => [id, type, bytes.toString(), more]),
      [
        [A, 'commit', 'ab\ncd', false],
        [B, 'tag', '', false],
        [A, 'blob', 'xyz', false],
      ],
    )
    assert.ok(stream.ended())
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (sizes) => {
        assert.deepEqual(read(whole, sizes).objects, objects)
      }),
    )
  })
  test('of a long one the front', () => {
    const { objects } = read(whole, [2], 2)
    assert.deepEqual(
      objects.map(({ bytes, more }) => [bytes.toString(), more]),
      [
        ['ab', true],
        ['', false],
        ['xy', true],
      ],
    )
  })
  test('cut short it has not ended', () => {
    const ends = new Set<number>()
    for (let end = 1; end < whole.length; end++) {
      const { stream, objects } = read(whole.subarray(0, end), [end])
      if (stream.ended()) ends.add(end)
      assert.ok(objects.length < 3)
    }
    assert.equal(ends.size, 3, 'only between two objects')
  })
  test('anything else stops it', () => {
    for (const text of [
      `${A} commit x\n`,
      `${A} commit 1\nabc`,
      'x\n',
      `${A} ambiguous\n`,
      'y'.repeat(300),
      `${A} commit -1\n`,
    ])
      assert.equal(read(Buffer.from(text), [1]).stream.push(Buffer.from('z')), false, text)
  })
})
