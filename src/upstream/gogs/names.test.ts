import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOwnerName, isRefLike, isRepoName } from './names.ts'

test('names of people and organisations', () => {
  for (const name of ['a', 'Alice', 'a.b', 'a_b', '_a', '.a', 'a-', '0'.repeat(100)])
    assert.ok(isOwnerName(name), name)
  for (const name of [
    '',
    '-a',
    '.',
    '..',
    'a b',
    'a/b',
    'a\\b',
    'a\n',
    'a\0',
    'é',
    'a%41',
    '0'.repeat(101),
    'admin',
    'ADMIN',
    'Explore',
    'a.keys',
  ]) {
    assert.ok(!isOwnerName(name), JSON.stringify(name))
  }
})

test('names of repositories', () => {
  for (const name of ['a', 'admin', 'a.b', '.github', 'a.gitx', 'git']) assert.ok(isRepoName(name), name)
  for (const name of ['', '-a', '.', '..', 'a.git', 'a.GIT', 'a.wiki', 'a.Wiki', 'a b', 'a/b', 'a\n'])
    assert.ok(!isRepoName(name), JSON.stringify(name))
})

test('refs, by git-check-ref-format and without a leading dash', () => {
  for (const ref of ['main', 'feature/x-1', 'v1.0', 'a@b', 'ü', '0123456789abcdef'])
    assert.ok(isRefLike(ref), ref)
  for (const ref of [
    '',
    '-x',
    '--output=x',
    'a..b',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[',
    'a\\b',
    'a//b',
    '/a',
    'a/',
    'a.',
    '.a',
    'a/.b',
    'a.lock',
    'a.lock/b',
    'a@{1}',
    'a\x7f',
    'a\n',
  ]) {
    assert.ok(!isRefLike(ref), JSON.stringify(ref))
  }
})
