import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Resource, SITE } from './action.ts'
import { isScopeWord, scopeFields, scopeHolds, type TokenScope } from './token-scope.ts'
import { groupOf, VERB_NAMES } from './verbs.ts'

const repo = (id: number, name = 'app'): Resource => ({
  kind: 'repo',
  repo: { id, owner: 'acme', name },
  part: 'code',
})
const scope = (may: TokenScope['may'], ids: readonly number[] | null): TokenScope => ({
  may,
  repos: ids === null ? null : ids.map((id) => ({ id, owner: 'acme', name: 'app' })),
})

test('a word holds its own verb or group, and no other', () => {
  for (const verb of VERB_NAMES) {
    const group = groupOf(verb)
    assert.equal(scopeHolds(scope(['read'], null), verb, SITE), group === 'read', verb)
    assert.equal(scopeHolds(scope(['ride'], null), verb, SITE), group === 'ride', verb)
    assert.equal(
      scopeHolds(scope(['change'], null), verb, SITE),
      group === 'change' || group === 'critical',
      verb,
    )
    assert.equal(scopeHolds(scope([], null), verb, SITE), false, verb)
  }
  assert.ok(scopeHolds(scope(['issue.create'], null), 'issue.create', repo(3)))
  assert.equal(scopeHolds(scope(['issue.create'], null), 'issue.comment.create', repo(3)), false)
})

test('some repositories are held by their ids, whatever they are called; nothing else is', () => {
  const some = scope(['read', 'ride'], [3, 5])
  assert.ok(scopeHolds(some, 'page.read', repo(3, 'renamed')))
  assert.equal(scopeHolds(some, 'page.read', repo(4)), false)
  for (const elsewhere of [
    SITE,
    { kind: 'account', account: { id: 3, name: 'x' } },
    { kind: 'org', org: { id: 5, name: 'acme' } },
  ] as const)
    assert.equal(scopeHolds(some, 'page.read', elsewhere), false)
  assert.equal(scopeHolds(scope(['read'], []), 'page.read', repo(3)), false)
})

test('no token is given a word for secrets, for what is for nobody, or for tokens', () => {
  for (const verb of VERB_NAMES) {
    const group = groupOf(verb)
    const forNone = group === 'never' || group === 'secret-read' || verb === 'token.create'
    assert.equal(isScopeWord(verb), !forNone, verb)
  }
  for (const word of ['read', 'ride', 'change']) assert.ok(isScopeWord(word))
  for (const word of ['', 'critical', 'never', 'secret-read', 'Read', 'read ', 'toString', '__proto__'])
    assert.equal(isScopeWord(word), false, word)
})

test('the statement says the whole reach, in one order', () => {
  assert.deepEqual(scopeFields(scope(['ride', 'read'], null)), [
    ['may', 'read'],
    ['may', 'ride'],
    ['reach', 'all'],
  ])
  assert.deepEqual(scopeFields(scope(['read'], [5, 3])), [
    ['may', 'read'],
    ['reach', 'listed'],
    ['repo', 'acme/app#3'],
    ['repo', 'acme/app#5'],
  ])
})
