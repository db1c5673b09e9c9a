import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { ledgerEntries } from '../support/ledger-entries.ts'
import { type Pusher, pusher } from '../support/pusher.ts'
import { sendForm } from '../support/web-change.ts'

describe('a forge of a version that nobody looked through', () => {
  let gateway: RunningGateway
  let keeper: Pusher

  before(async () => {
    const home = scratch('unknown-forge')
    const standIn = join(home, 'forge', 'stand-in')
    mkdirSync(standIn, { recursive: true, mode: 0o700 })
    writeFileSync(join(standIn, 'version'), '0.16.0\n')
    gateway = await startGateway({ home, env: { COUNTERSIGN_FORGE: 'stand-in' } })
    keeper = await pusher(gateway, 'keeper', gateway.enroll!)
    await keeper.person.openForge('/')
  })
  after(() => gateway.stop())

  test('is read: pages and clones', async () => {
    assert.equal((await keeper.person.ask(`${gateway.url}/keeper/hello`)).status, 200)
    await keeper.git.ok(
      keeper.git.home,
      'clone',
      '-q',
      keeper.remote(gateway.sample),
      keeper.git.path('work'),
    )
  })

  test('is changed by nobody: pages, rides and pushes are refused and say why, and no intent is written', async () => {
    for (const [path, fields] of [
      ['/keeper/hello/settings', { action: 'delete', repo_name: 'hello' }],
      ['/keeper/hello/issues/new', { title: 'x', content: '' }],
      ['/repo/create', { repo_name: 'x' }],
    ] as const) {
      const answer = await sendForm(gateway, keeper.person, path, fields)
      assert.equal(answer.status, 403, path)
      assert.match(answer.text, /version 0\.16\.0/, path)
    }
    const work = keeper.git.path('work')
    await keeper.git.commit(work, 'More', (dir) => writeFileSync(join(dir, 'more.txt'), 'x\n'))
    const pushed = await keeper.git.git(work, 'push', '-q', 'origin', 'HEAD')
    assert.notEqual(pushed.code, 0)
    assert.match(pushed.stderr, /0\.16\.0/)
    assert.deepEqual(await ledgerEntries(gateway.home, 'intent'), [])
  })

  test('is said on the first page of the portal', async () => {
    assert.match((await keeper.person.ask(`${gateway.portal}/`)).text, /which this gateway does not know/)
  })
})
