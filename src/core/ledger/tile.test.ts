import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseEntries, parseTileName, type TileName, widthIn, writeEntries, writeTileName } from './tile.ts'

test('names of the specification', () => {
  for (const [text, level, index, width] of [
    ['0/000', 0, 0, 256],
    ['0/x001/x234/067', 0, 1234067, 256],
    ['1/003.p/12', 1, 3, 12],
    ['entries/x001/000', null, 1000, 256],
    ['entries/000.p/255', null, 0, 255],
    ['6/999', 6, 999, 256],
  ] as const) {
    assert.deepEqual(parseTileName(text), { ok: true, value: { level, index, width } }, text)
    assert.equal(writeTileName({ level, index, width }), text)
  }
})

test('one spelling each', () => {
  for (const text of [
    '',
    '0',
    '0/',
    '0/0',
    '0/00',
    '0/0000',
    '00/000',
    '7/000',
    '-1/000',
    '0/x000/000',
    '0/x001/x000',
    '0/001/000',
    '0/X001/000',
    '0/000.p/0',
    '0/000.p/256',
    '0/000.p/01',
    '0/000.p/',
    '0/000.p/1/',
    '0/000/',
    '/0/000',
    'entries/000.P/1',
    'Entries/000',
    '0/x999/x999/x999/x999/x999/999',
    '0/000\n',
    '0/٠٠٠',
  ])
    assert.equal(parseTileName(text).ok, false, text)
})

const name: fc.Arbitrary<TileName> = fc.record(
  {
    level: fc.option(fc.integer({ min: 0, max: 6 }), { nil: null }),
    index: fc.integer({ min: 0, max: 2 ** 45 }),
    width: fc.integer({ min: 1, max: 256 }),
  },
  { noNullPrototype: true },
)

test('names go round; text that is none never throws', () => {
  fc.assert(
    fc.property(name, (one) => assert.deepEqual(parseTileName(writeTileName(one)), { ok: true, value: one })),
  )
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('0', '1', 'x', '/', '.', 'p', 'entries') }), (text) => {
      const read = parseTileName(text)
      if (read.ok) assert.equal(writeTileName(read.value), text)
    }),
  )
})

test('a tree has whole tiles, then one that is partial, then none', () => {
  for (const [size, level, index, width] of [
    [0, 0, 0, 0],
    [1, 0, 0, 1],
    [256, 0, 0, 256],
    [256, 0, 1, 0],
    [256, 1, 0, 1],
    [257, 0, 1, 1],
    [70_000, 0, 273, 112],
    [70_000, 1, 1, 17],
    [70_000, 2, 0, 1],
    [70_000, 3, 0, 0],
    [70_000, null, 273, 112],
  ] as const)
    assert.equal(widthIn(size, { level, index }), width, `${size} ${level}/${index}`)
})

test('bundles of entries go round, and end where they end', () => {
  const bytes = fc.uint8Array({ maxLength: 300 })
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 20 }), (entries) => {
      const read = parseEntries(writeEntries(entries))
      assert.ok(read.ok)
      assert.deepEqual(
        read.value.map((one) => Buffer.from(one)),
        entries.map((one) => Buffer.from(one)),
      )
    }),
  )
  fc.assert(
    fc.property(bytes, (bundle) => {
      const read = parseEntries(bundle)
      if (read.ok) assert.deepEqual(writeEntries(read.value), Buffer.from(bundle))
    }),
  )
  assert.equal(parseEntries(Buffer.from([0])).ok, false)
  assert.equal(parseEntries(Buffer.from([0, 2, 1])).ok, false)
  assert.equal(parseEntries(Buffer.alloc(2 * 257)).ok, false)
  assert.throws(() => writeEntries([Buffer.alloc(65_536)]))
})
