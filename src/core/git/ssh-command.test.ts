import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { repositoryInSshAddress } from './ssh-address.ts'
import { parseSshCommand } from './ssh-command.ts'

describe('commands of git', () => {
  for (const [text, service, repository] of [
    ["git-upload-pack '/acme/app.git'", 'git-upload-pack', 'acme/app'],
    ["git-receive-pack 'acme/app.git'", 'git-receive-pack', 'acme/app'],
    ["git upload-pack 'acme/app'", 'git-upload-pack', 'acme/app'],
    ["git-upload-archive 'acme/app.git/'", 'git-upload-archive', 'acme/app'],
    ['git-upload-pack acme/app.git', 'git-upload-pack', 'acme/app'],
    ["git-upload-pack 'ACME/App.GIT'", 'git-upload-pack', 'acme/app'],
    ["git-upload-pack 'acme/app.wiki.git'", 'git-upload-pack', 'acme/app.wiki'],
  ] as const)
    test(text, () => assert.deepEqual(parseSshCommand(text), { ok: true, value: { service, repository } }))

  for (const text of [
    '',
    'ls',
    'git-upload-pack',
    "git-shell 'acme/app.git'",
    "git-lfs-authenticate 'acme/app.git' upload",
    "git-upload-pack\t'acme/app.git'",
    " git-upload-pack 'acme/app.git'",
    "GIT-UPLOAD-PACK 'acme/app.git'",
    "git-upload-pack-x 'acme/app.git'",
    `git-upload-pack '${'a'.repeat(2000)}/app.git'`,
  ])
    test(`none of git's: ${JSON.stringify(text.slice(0, 40))}`, () =>
      assert.deepEqual(parseSshCommand(text), { ok: false, error: 'not-git' }))

  for (const path of [
    "'acme/../other/app.git'",
    "'../acme/app.git'",
    "'../app.git'",
    "'acme/..'",
    "'acme/...git'",
    "'acme/app.git/../x'",
    "'-upload/app.git'",
    "'acme/-app.git'",
    "'acme'",
    "'acme/app/more.git'",
    "'//acme/app.git'",
    "'~acme/app.git'",
    "'acme/app.git' 'x'",
    "'acme/app.git'; ls",
    "'acme/app.git",
    "'acme/ap'\\''p.git'",
    '"acme/app.git"',
    "'acme/app.git\n'",
    "'acme/a\0pp.git'",
    "'acme%2Fapp.git'",
    "'acme\\app.git'",
    "'acme/.git'",
    "'--upload-pack=x/app.git'",
    '$(ls)/app.git',
    "''",
  ])
    test(`no repository: ${JSON.stringify(path)}`, () =>
      assert.deepEqual(parseSshCommand(`git-upload-pack ${path}`), { ok: false, error: 'bad-path' }))

  test('nothing throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseSshCommand(text)
        parseSshCommand(`git-upload-pack '${text}'`)
        repositoryInSshAddress(text)
        repositoryInSshAddress(`ssh://${text}`)
      }),
    )
  })
})

describe('addresses', () => {
  for (const [address, repository] of [
    ['ssh://git@127.0.0.1:2222/acme/app.git', 'acme/app'],
    ['ssh://git.example.com/ACME/app', 'acme/app'],
    ['git@git.example.com:acme/app.git', 'acme/app'],
    ['work:acme/app.git', 'acme/app'],
    ['work:/acme/app.git', 'acme/app'],
    ['ssh://h/acme/app.wiki.git/', 'acme/app.wiki'],
    ['http://h/acme/app.git', undefined],
    ['/srv/acme/app.git', undefined],
    ['ssh://h/acme/../app.git', undefined],
    ['ssh://acme/app.git', undefined],
  ] as const)
    test(address, () => assert.equal(repositoryInSshAddress(address), repository))
})
