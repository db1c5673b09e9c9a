import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Change } from '../../core/action/change.ts'
import type { Field } from '../../core/action/field.ts'
import type { Verb } from '../../core/action/verbs.ts'
import type { Client } from './client.ts'
import { commitWays } from './commit-ways.ts'

const REPO = { id: 3, owner: 'acme', name: 'app' }
const asked: string[] = []
/** A Gogs that has these pages and no others. */
const ways = (...pages: readonly string[]) =>
  commitWays({
    ask: async ({ method, path, as }: { method: string; path: string; as: string }) => {
      asked.push(`${method} ${path} ${as}`)
      return { status: pages.includes(path) ? 200 : 404 }
    },
  } as unknown as Client)
const change = (verb: Verb, said: Readonly<Record<string, string>>): Change => {
  const fields = Object.entries(said).map((pair): Field => pair)
  return {
    verb,
    where: { repo: { owner: 'acme', name: 'app' }, org: null },
    fields,
    stated: fields,
    sentence: '',
  }
}

describe('messages', () => {
  for (const [verb, said, wanted] of [
    ['file.create', { path: 'a/b' }, "Add 'a/b'"],
    ['file.edit', { path: 'a/b', file: 'c' }, "Update 'a/b'"],
    ['file.delete', { file: 'a/b' }, "Delete 'a/b'"],
    ['file.upload', { path: 'a' }, "Upload files to 'a'"],
    ['file.upload', {}, "Upload files to ''"],
    ['file.edit', { path: 'a', 'commit-summary': ' Say ', 'commit-message': ' so\r\n' }, 'Say\n\nso'],
    ['file.edit', { path: 'a', 'commit-summary': '  ', 'commit-message': '\r\n' }, "Update 'a'"],
    ['wiki.create', { 'new-file': 'Home.md' }, "Update page 'Home'"],
    ['wiki.update', { 'new-file': 'Home.md', message: 'Say' }, 'Say'],
    ['wiki.delete', { file: 'A b.md' }, "Delete page 'A b'"],
  ] as const)
    test(`${verb}: ${wanted}`, () => assert.equal(ways().message(change(verb, said)), wanted))
})

test('the editor takes carriage returns out, the wiki keeps them', () => {
  assert.equal(ways().content(change('file.edit', {}), 'a\r\nb\r'), 'a\nb')
  assert.equal(ways().content(change('wiki.update', {}), 'a\r\nb\r'), 'a\r\nb\r')
})

test('no file where somebody would look for a repository', () => {
  for (const path of ['.git/x', 'a.git/x', 'a/.GIT', 'x.git.', 'x.Git./y'])
    assert.equal(ways().mayPut(path), false, path)
  for (const path of ['.gitignore', '.github/x', 'a.gitx', 'git/x'])
    assert.equal(ways().mayPut(path), true, path)
})

test('files of a wiki by the words of titles and addresses', () => {
  for (const [title, wanted] of [
    ['Home', 'Home.md'],
    ['A+b', 'A b.md'],
    ['A b', 'A b.md'],
    ['Gr%C3%B6%C3%9Fe', 'Größe.md'],
    ['a/b', 'a b.md'],
    ['a%2Fb', 'a b.md'],
    ['100%', undefined],
    ['%ff', undefined],
    ['..', undefined],
    ['%2E%2E%2Fx', undefined],
    ['a//b', undefined],
    ['/a', undefined],
    ['', undefined],
    ['a%5Cb', undefined],
    ['a%00', undefined],
    ['a%0A', undefined],
  ] as const)
    assert.equal(ways().wikiFile(title), wanted, title)
  assert.equal(ways().wikiBranch(new Map()), 'master')
  assert.equal(
    ways().wikiBranch(
      new Map([
        ['refs/heads/main', '1'],
        ['refs/heads/master', '1'],
      ]),
    ),
    'main',
  )
})

test('where the person goes on', async () => {
  const direct = { branch: 'top/ic', path: 'a b/ü.txt', 'commit-choice': 'direct' }
  const aside = { ...direct, 'commit-choice': 'new-branch', 'new-branch': 'new/one' }
  const compare = '/acme/app/compare/top/ic...acme:new/one'
  const next = (verb: Verb, said: Readonly<Record<string, string>>, ...pages: readonly string[]) =>
    ways(...pages).next(change(verb, said), REPO, 'alice')
  assert.equal(await next('file.edit', direct), '/acme/app/src/top/ic/a%20b/%C3%BC.txt')
  assert.equal(await next('file.delete', { ...direct, file: 'a' }), '/acme/app/src/top/ic')
  assert.equal(await next('file.upload', { ...direct, path: '' }), '/acme/app/src/top/ic')
  assert.deepEqual(asked, [])
  assert.equal(await next('file.create', aside, compare), compare)
  assert.equal(await next('file.create', aside), '/acme/app/src/new/one/a%20b/%C3%BC.txt')
  assert.deepEqual(asked, Array(2).fill(`HEAD ${compare} alice`))
  assert.equal(
    await next('wiki.create', { 'new-file': "It's (a) b&c+d.md" }),
    '/acme/app/wiki/It%27s+%28a%29+b%26c%2Bd',
  )
  assert.equal(await next('wiki.delete', { file: 'a.md' }), '/acme/app/wiki/')
})
