import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parseBundle, writeBundle } from './bundle.ts'
import { parseTrust } from './trust.ts'
import { verifyBundle } from './verify-bundle.ts'

const dir = join(import.meta.dirname, '..', '..', '..', 'vectors', 'bundle-portal')
const read = (name: string): string => readFileSync(join(dir, name), 'utf8')

// Written once, by the first release that had them; they verify under every later one.
describe('what was signed in the portal', () => {
  const trust = parseTrust(read('trust.json'))
  assert.ok(trust.ok)
  for (const [name, says] of [
    ['held-push', /a passkey signed it at .*showed: diff/],
    ['batch', /a passkey signed a batch statement that lists it/],
    [
      'change',
      /a passkey signed repo\.settings\.update of keeper\/hello: name hello, description Gr%C3%B6%C3%9Fer/,
    ],
  ] as const) {
    const text = read(`${name}.json`)
    test(`${name} is trusted against what is pinned`, () => {
      const bundle = parseBundle(text)
      assert.ok(bundle.ok)
      const { verdict, steps } = verifyBundle(bundle.value, trust.value)
      assert.equal(verdict, 'trusted', JSON.stringify(steps.at(-1)))
      assert.ok(
        steps.some(({ say }) => says.test(say)),
        JSON.stringify(steps, null, 1),
      )
    })
    test(`${name}: a flipped bit in every three hundredth byte is noticed`, () => {
      const bytes = Buffer.from(text)
      for (let at = 0; at < bytes.length; at += 300) {
        const changed = Buffer.from(bytes)
        changed[at]! ^= 1 << (at % 8)
        const parsed = parseBundle(changed.toString('utf8'))
        if (parsed.ok) assert.equal(verifyBundle(parsed.value, trust.value).verdict, 'invalid', `byte ${at}`)
      }
    })
    test(`${name} is written as it was`, () => {
      const bundle = parseBundle(text)
      assert.equal(bundle.ok ? writeBundle(bundle.value) : '', text)
    })
  }
})
