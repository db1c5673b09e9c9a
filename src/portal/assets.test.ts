import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256 } from '../core/crypto.ts'
import { loadAssets } from './assets.ts'

const assets = loadAssets()

test('names carry the digest of what they name', () => {
  for (const [name, { body }] of assets.byName) {
    assert.equal(name.split('.')[1], sha256(body).toString('hex').slice(0, 16), name)
  }
})

test('every import of a script leads to an asset', () => {
  let imports = 0
  for (const [name, { body, type }] of assets.byName) {
    if (!type.startsWith('text/javascript')) continue
    for (const [, target] of body.matchAll(/\bfrom\s+'([^']+)'/g)) {
      imports++
      assert.ok(assets.byName.has(target!.replace('./', '')), `${name} imports ${target}`)
    }
  }
  assert.ok(imports > 5)
})

test('a name is known before any page has shown it, as after a restart', () => {
  const name = [...assets.byName.keys()].find((known) => known.startsWith('sign-in.'))!
  assert.ok(loadAssets().byName.has(name))
})

test('styles of a page that cannot be linked cannot end their element', () => {
  assert.doesNotMatch(assets.inlineStyles, /<\//)
})
