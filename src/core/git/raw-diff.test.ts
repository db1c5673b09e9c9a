import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { FileList } from './landing.ts'
import { RawDiffReader } from './raw-diff.ts'

const A = '1'.repeat(40)
const B = '2'.repeat(40)
const raw = (status: string, ...paths: string[]): string =>
  `:100644 100755 ${A} ${B} ${status}\0${paths.join('\0')}\0`

function read(bytes: Buffer | string, size = 1 << 20): FileList | undefined {
  const reader = new RawDiffReader()
  const whole = Buffer.from(bytes)
  for (let at = 0; at < whole.length; at += size) reader.push(whole.subarray(at, at + size))
  return reader.end()
}

describe('a list of changed files', () => {
  const text = `${raw('M', ':1\t2\t')}${raw('R087', 'old\nname', 'new')}${raw('T', 'c')}1\t2\t:1\t2\t\0${'-\t-\t\0old\nname\0new\0'}3\t0\tc\0`
  const modes = ['100644', '100755'] as const
  const expected: FileList = {
    files: [
      { path: ':1\t2\t', from: null, status: 'modified', modes, added: 1, removed: 2 },
      { path: 'new', from: 'old\nname', status: 'renamed', modes, added: null, removed: null },
      { path: 'c', from: null, status: 'type-changed', modes, added: 3, removed: 0 },
    ],
    total: 3,
    added: 4,
    removed: 2,
  }
  test('in any chunks', () => {
    for (let size = 1; size < 40; size++) assert.deepEqual(read(text, size), expected, String(size))
  })
  test('none', () => assert.deepEqual(read(''), { files: [], total: 0, added: 0, removed: 0 }))
  test('cut short it is none', () => {
    for (let end = 1; end < text.length; end++) assert.equal(read(text.slice(0, end)), undefined, String(end))
  })
  test('anything else is none', () => {
    for (const bad of [
      'x\0',
      raw('X', 'a'),
      `:1 2 ${A} ${B} M\0a\0`,
      `${raw('M', 'a')}1\t2\ta\0${raw('M', 'b')}`,
      `${raw('M', 'a')}1\t2\ta\x001\t2\tb\0`,
      `${raw('M', 'a')}1\tx\ta\0`,
      '1\t1\ta\0',
    ])
      assert.equal(read(bad), undefined, JSON.stringify(bad))
  })
  test('the first 500 are kept, all are counted; long paths are cut', () => {
    const many = Array.from({ length: 700 }, (_, i) => `f${i}`)
    const list = read(
      many.map((name) => raw('A', name)).join('') + many.map((name) => `2\t0\t${name}\0`).join(''),
    )!
    assert.deepEqual([list.files.length, list.total, list.added], [500, 700, 1400])
    const long = read(`${raw('A', 'p'.repeat(100_000))}1\t0\t${'p'.repeat(100_000)}\0`, 1000)!
    assert.equal(long.files[0]!.path, `${'p'.repeat(4096)}\u2026`)
  })
  test('never throws', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            raw('M', 'a'),
            raw('R1', 'a', 'b'),
            '1\t2\ta\0',
            '1\t2\t\0',
            '-\t-\t',
            '\0',
            ':',
            'a',
          ),
        ),
        (parts) => void read(parts.join(''), 7),
      ),
    )
  })
})
