import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ed25519PrivateKey } from '../crypto.ts'
import { parseCheckpoint, writeCheckpoint } from './checkpoint.ts'
import { parseNote, parseVkey, signedBy, signNote, writeVkey } from './note.ts'

interface Vector {
  readonly name: string
  readonly seed: string
  readonly vkey: string
  readonly text: string
  readonly note: string
}

const file = join(import.meta.dirname, '..', '..', '..', 'vectors', 'note', 'notes.json')
const vectors = JSON.parse(readFileSync(file, 'utf8')) as readonly Vector[]

for (const { name, seed, vkey, text, note } of vectors) {
  test(`a note of another implementation, by ${name}`, () => {
    const key = ed25519PrivateKey(Buffer.from(seed, 'hex'))
    assert.equal(writeVkey(name, key), vkey)
    assert.equal(signNote(text, name, key), note)
    const [parsed, verifier, checkpoint] = [parseNote(note), parseVkey(vkey), parseCheckpoint(text)]
    assert.ok(parsed.ok && verifier.ok && checkpoint.ok)
    assert.ok(signedBy(parsed.value, verifier.value))
    assert.equal(writeCheckpoint(checkpoint.value), text)
    assert.equal(checkpoint.value.origin, name)
  })
}
