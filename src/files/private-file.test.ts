import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { keptSecret, privateDirectory, writePrivateFile } from './private-file.ts'

const root = mkdtempSync(join(tmpdir(), 'private-file-'))
after(() => rmSync(root, { recursive: true }))
const mode = (path: string): number => statSync(path).mode & 0o777
let count = 0
function fresh(): string {
  const dir = join(root, `${count++}`)
  mkdirSync(dir)
  return dir
}

describe('a private file', () => {
  test('is made in directories of its own, and replaced, with nothing left aside', () => {
    const dir = join(fresh(), 'a', 'b')
    const path = join(dir, 'file')
    writePrivateFile(path, 'one')
    writePrivateFile(path, 'two')
    assert.equal(readFileSync(path, 'utf8'), 'two')
    assert.deepEqual([mode(path), mode(dir)], [0o600, 0o700])
    assert.deepEqual(readdirSync(dir), ['file'])
  })
  test('is private whatever its mode was', () => {
    const path = join(fresh(), 'file')
    writeFileSync(path, 'open to all')
    chmodSync(path, 0o644)
    writePrivateFile(path, 'one')
    assert.equal(mode(path), 0o600)
  })

  const leftovers: readonly [string, (aside: string, dir: string) => void][] = [
    ['half of it', (aside) => writeFileSync(aside, 'ha')],
    ['more than it', (aside) => writeFileSync(aside, 'x'.repeat(9000))],
    ['a file that others read', (aside) => writeFileSync(aside, 'old', { mode: 0o644 })],
    ['a file that nobody may write', (aside) => writeFileSync(aside, 'old', { mode: 0o400 })],
    ['a link to another file', (aside, dir) => symlinkSync(join(dir, 'other'), aside)],
    ['a link to nothing', (aside, dir) => symlinkSync(join(dir, 'nothing'), aside)],
  ]
  for (const [name, leave] of leftovers)
    test(`after an interrupted run that left ${name}`, () => {
      const dir = fresh()
      writeFileSync(join(dir, 'other'), 'untouched')
      const path = join(dir, 'file')
      writePrivateFile(path, 'before')
      leave(`${path}.new`, dir)
      assert.equal(readFileSync(path, 'utf8'), 'before')
      writePrivateFile(path, 'after')
      assert.equal(readFileSync(path, 'utf8'), 'after')
      assert.equal(mode(path), 0o600)
      assert.equal(readFileSync(join(dir, 'other'), 'utf8'), 'untouched')
      assert.deepEqual(readdirSync(dir).sort(), ['file', 'other'])
    })

  test('that cannot be written keeps what it held', () => {
    const path = join(fresh(), 'file')
    writePrivateFile(path, 'before')
    mkdirSync(`${path}.new`)
    assert.throws(() => writePrivateFile(path, 'after'))
    assert.equal(readFileSync(path, 'utf8'), 'before')
  })
})

describe('a kept secret', () => {
  test('is made once, of the length asked for, and the same ever after', () => {
    const path = join(fresh(), 'secrets', 'a.key')
    const made = keptSecret(path, 6)
    assert.equal(made.length, 6)
    assert.deepEqual(keptSecret(path, 6), made)
    assert.equal(readFileSync(path, 'utf8'), `${made.toString('hex')}\n`)
    assert.equal(mode(path), 0o600)
    assert.notDeepEqual(keptSecret(join(fresh(), 'b.key'), 6), made)
  })
  test('is not what an interrupted run left aside', () => {
    const path = join(fresh(), 'a.key')
    writeFileSync(`${path}.new`, `${'00'.repeat(6)}\n`)
    assert.notDeepEqual(keptSecret(path, 6), Buffer.alloc(6))
    assert.ok(!existsSync(`${path}.new`))
  })
  for (const [name, text] of [
    ['empty', ''],
    ['short', 'ab\n'],
    ['no hex', `${'zz'.repeat(6)}\n`],
    ['in capitals', `${'AB'.repeat(6)}\n`],
    ['longer', `${'ab'.repeat(7)}\n`],
    ['two', `${'ab'.repeat(6)}\n\n`],
  ] as const)
    test(`is never made anew, nor shown, where the file is ${name}`, () => {
      const path = join(fresh(), 'a.key')
      writeFileSync(path, text)
      assert.throws(() => keptSecret(path, 6), { message: `${path} is not a secret of 6 bytes in hex` })
      assert.equal(readFileSync(path, 'utf8'), text)
    })
})

test('a private directory is narrowed when it is there', () => {
  const dir = fresh()
  chmodSync(dir, 0o755)
  privateDirectory(dir)
  assert.equal(mode(dir), 0o700)
  privateDirectory(join(dir, 'a', 'b'))
  assert.equal(mode(join(dir, 'a', 'b')), 0o700)
})
