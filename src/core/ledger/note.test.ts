import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ed25519PrivateKey } from '../crypto.ts'
import { parseNote, parseVkey, signedBy, signNote, writeVkey } from './note.ts'

const NAME = 'a.example/ledger'
const key = ed25519PrivateKey(Buffer.alloc(32, 1))
const vkey = writeVkey(NAME, key)
const TEXT = 'a.example/ledger\n3\nAAAA\n'
const NOTE = signNote(TEXT, NAME, key)

function verifier(text: string) {
  const parsed = parseVkey(text)
  assert.ok(parsed.ok)
  return parsed.value
}

function holds(note: string, by = vkey): boolean {
  const parsed = parseNote(note)
  return parsed.ok && signedBy(parsed.value, verifier(by))
}

test('signed-note v1: the form of the published example', () => {
  // The specification does not publish the key, so that the signature itself cannot be checked.
  const example =
    'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n'
  const parsed = parseNote(example)
  assert.ok(parsed.ok)
  assert.ok(parsed.value.text.endsWith('ed è subito sera.\n'))
  assert.equal(parsed.value.signatures[0]!.name, 'quasimodo.example/salvatore')
  assert.equal(parsed.value.signatures[0]!.signature.length, 64)
})

test('what is signed verifies, by its key only', () => {
  assert.ok(holds(NOTE))
  assert.equal(holds(NOTE, writeVkey(NAME, ed25519PrivateKey(Buffer.alloc(32, 2)))), false)
  assert.equal(holds(NOTE, writeVkey('b.example/ledger', key)), false)
})

test('any changed byte of a note is noticed', () => {
  const bytes = Buffer.from(NOTE)
  for (let where = 0; where < bytes.length; where++) {
    const changed = Buffer.from(bytes)
    changed[where]! ^= 1
    assert.equal(holds(changed.toString('utf8')), false, `byte ${where}`)
  }
})

test('signatures by unknown keys are ignored, at least sixteen of them', () => {
  const others = Array.from({ length: 16 }, (_, n) => {
    const other = signNote(TEXT, `witness${n}.example`, ed25519PrivateKey(Buffer.alloc(32, n + 10)))
    return other.slice(other.lastIndexOf('\n—') + 1)
  })
  assert.ok(holds(NOTE + others.join('')))
  assert.ok(holds(`${TEXT}\n${others.join('')}${NOTE.slice(TEXT.length + 1)}`))
})

test('a second signature by the known key that does not hold makes the note invalid', () => {
  const forged = signNote('something else\n', NAME, key)
  assert.equal(holds(NOTE + forged.slice(forged.lastIndexOf('\n—') + 1)), false)
})

test('never throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units)),
        fc.string().map((text) => `${NOTE}${text}\n`),
      ),
      (text) => {
        parseNote(text)
        parseVkey(text)
      },
    ),
  )
})

for (const [name, note] of [
  ['no signature', TEXT],
  ['no final newline', NOTE.slice(0, -1)],
  ['a hyphen for the dash', NOTE.replace('—', '-')],
  ['a control character', NOTE.replace('3', '\t')],
  ['CR', NOTE.replace('3\n', '3\r\n')],
  ['a lone surrogate', NOTE.replace('3', '\ud800')],
  ['a key name with a plus', NOTE.replace('— a.', '— a+')],
  ['a signature of a key id alone', `${TEXT}\n— ${NAME} ${Buffer.alloc(4).toString('base64')}\n`],
  ['65 signatures', NOTE + NOTE.slice(TEXT.length + 1).repeat(64)],
  ['a megabyte', `${'a'.repeat(1 << 20)}\n${NOTE}`],
] as const)
  test(`refused: ${name}`, () => assert.equal(parseNote(note).ok, false))

for (const [name, text] of [
  ['a key id that is not the key’s', vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+')],
  ['another name', `b${vkey}`],
  [
    'another algorithm',
    `${NAME}+00000000+${Buffer.concat([Buffer.from([2]), Buffer.alloc(32)]).toString('base64')}`,
  ],
  ['a short key', vkey.slice(0, -4)],
  ['upper-case hex', vkey.replace(/\+[0-9a-f]{8}\+/, (id) => id.toUpperCase())],
  ['white space', `${vkey}\n`],
  ['no name', vkey.slice(vkey.indexOf('+'))],
] as const)
  test(`vkey refused: ${name}`, () => assert.equal(parseVkey(text).ok, false))
