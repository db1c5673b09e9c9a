import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { drop, golden, of, relog, why } from '../../../test/support/relog.ts'
import { type Bundle, parseBundle, writeBundle } from './bundle.ts'
import { verifyBundle } from './verify-bundle.ts'

const { text, bundle, trust } = golden()

test('a bundle of the first release: trusted against what is pinned', () => {
  const { verdict, steps } = verifyBundle(bundle, trust)
  assert.equal(verdict, 'trusted')
  assert.equal(steps.filter(({ outcome }) => outcome === 'holds').length, 11)
  assert.ok(steps.some(({ say }) => /move refs\/heads\/main from [0-9a-f]{40} to [0-9a-f]{40}/.test(say)))
  assert.ok(steps.some(({ say }) => say.includes('with PIN')))
})

test('without a trust file it can only agree with itself', () => {
  assert.equal(verifyBundle(bundle, undefined).verdict, 'self-consistent')
})

test('it says what no bundle shows', () => {
  assert.ok(verifyBundle(bundle, trust).cannotProve.some((line) => line.includes('revoked')))
})

test('a flipped bit in every fiftieth byte is noticed (all of them: test/fuzz)', () => {
  const bytes = Buffer.from(text)
  for (let where = 0; where < bytes.length; where += 50) {
    const changed = Buffer.from(bytes)
    changed[where]! ^= 1 << (where % 8)
    const parsed = parseBundle(changed.toString('utf8'))
    if (parsed.ok) assert.equal(verifyBundle(parsed.value, trust).verdict, 'invalid', `byte ${where}`)
  }
})

test('another pinned key, portal or RP ID', () => {
  const other = relog(() => {})
  assert.match(why(bundle, { ...trust, ledger: other.trust.ledger }), /ledger key is not a pinned one/)
  assert.match(why(bundle, { ...trust, portal: ['https://id.example.com'] }), /portal .* is not a pinned one/)
  assert.match(why(bundle, { ...trust, rpId: ['id.example.com'] }), /RP ID .* is not a pinned one/)
})

test('a log written anew says the same under its own key, and nothing under the true one', () => {
  const other = relog(() => {})
  assert.equal(why(other.bundle, other.trust), 'trusted')
  assert.match(why(other.bundle, trust), /not a pinned one/)
  assert.match(why({ ...other.bundle, vkey: bundle.vkey }, trust), /not signed by the ledger key/)
})

describe('outside the entries', () => {
  const faults: readonly [string, Bundle, RegExp][] = [
    ['a checkpoint that is no note', { ...bundle, checkpoint: 'x' }, /cannot be read/],
    ['a key that is none', { ...bundle, vkey: 'x' }, /cannot be read/],
    ['a subject that is not there', { ...bundle, subject: 999 }, /subject is not an intent/],
    [
      'a subject of another type',
      { ...bundle, subject: bundle.entries.at(-1)!.index },
      /subject is not an intent/,
    ],
    ['no entries', { ...bundle, entries: [] }, /no entry says which portal/],
    [
      'an entry at another index',
      { ...bundle, entries: [{ ...bundle.entries[0]!, index: bundle.entries[0]!.index + 1 }] },
      /not in the signed tree/,
    ],
    [
      'a payload that was erased',
      { ...bundle, entries: bundle.entries.map((entry) => ({ ...entry, payload: null, salt: null })) },
      /no entry says which portal/,
    ],
    [
      'the intent erased',
      {
        ...bundle,
        entries: bundle.entries.map((entry) =>
          entry.index === bundle.subject ? { ...entry, payload: null, salt: null } : entry,
        ),
      },
      /was erased/,
    ],
  ]
  for (const [name, fault, expected] of faults)
    test(name, () => {
      assert.match(why(fault, undefined), expected)
    })
})

test('what is not in the bundle is named, and does not count as shown', () => {
  for (const [type, expected] of [
    ['outcome', /what the forge answered is not in this bundle/],
    ['account.create', /when the account was made is not in this bundle/],
  ] as const) {
    const { bundle: made, trust: own } = relog((entries) => drop(entries, type))
    const { verdict, steps } = verifyBundle(made, own)
    assert.equal(verdict, 'trusted')
    assert.ok(steps.some(({ outcome, say }) => outcome === 'not-checkable' && expected.test(say)))
  }
})

test('an outcome before its intent is none', () => {
  const { bundle: made, trust: own } = relog((entries, { subject }) => {
    const outcome = of(entries, 'outcome')
    drop(entries, 'outcome')
    entries.set(subject - 1, outcome)
  })
  assert.ok(verifyBundle(made, own).steps.some(({ say }) => /answered is not in this bundle/.test(say)))
})

test('what others named cannot write lines or turn them around', () => {
  const { bundle: made, trust: own } = relog((entries) => {
    of(entries, 'invitation.create').says.by = 'x\n  ok  all is well\u001b[2J\u202e'
  })
  const said = verifyBundle(made, own).steps.map(({ say }) => say)
  assert.ok(said.every((say) => !/[\p{C}\p{Zl}\p{Zp}]/u.test(say)))
  assert.ok(said.some((say) => say.includes('x\\u{a}  ok')))
})

test('never throws, whatever the log says', () => {
  const paths = [
    ['statement', 'text'],
    ['statement', 'signature'],
    ['device', 'publicKey'],
    ['device', 'id'],
    ['enrolledBy'],
    ['evidence', 'statement'],
    ['evidence', 'clientDataJSON'],
    ['evidence', 'authenticatorData'],
    ['evidence', 'sshsig'],
    ['account', 'id'],
    ['updates'],
    ['proof'],
    ['repo'],
    ['portal'],
  ] as const
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(...paths), fc.jsonValue(), (where, path, value) => {
      try {
        JSON.stringify(value).normalize()
        if (!JSON.stringify(value).isWellFormed()) return
      } catch {
        return
      }
      const { bundle: made, trust: own } = relog((entries) => {
        const { says } = [...entries.values()][where % entries.size]!
        let here = says
        for (const step of path.slice(0, -1)) here = here?.[step]
        if (here !== null && typeof here === 'object') here[path.at(-1)!] = value
      })
      assert.ok(['trusted', 'invalid'].includes(verifyBundle(made, own).verdict))
    }),
    { numRuns: 60 },
  )
})

test('write then parse', () => {
  assert.deepEqual(parseBundle(writeBundle(bundle)), { ok: true, value: bundle })
  assert.equal(writeBundle(bundle), text)
})
