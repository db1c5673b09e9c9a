import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'
import { forges } from '../support/forges.ts'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { run } from '../support/git.ts'
import { ledgerEntries } from '../support/ledger-entries.ts'
import { enrolledPerson, gitPassword, inviteLink, type Pusher, pusher } from '../support/pusher.ts'
import { confirmChange, parkedId, sendForm } from '../support/web-change.ts'

const cli = join(import.meta.dirname, '..', '..', 'countersign')

for (const forge of forges()) {
  describe(`a person who is renamed, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Pusher

    before(async () => {
      gateway = await startGateway({ env: forge.env })
      keeper = await pusher(gateway, 'keeper', gateway.enroll!)
      await keeper.person.openForge('/')
    })
    after(() => gateway.stop())

    const entries = (type: string): Promise<Record<string, any>[]> => ledgerEntries(gateway.home, type)
    const settings = async (): Promise<string> =>
      (await keeper.person.ask(`${gateway.url}/user/settings`)).text
    const rename = async (name: string): Promise<void> => {
      const sent = await sendForm(gateway, keeper.person, '/user/settings', { name })
      const done = await confirmChange(keeper.person, parkedId(gateway, sent))
      assert.equal(done.status, 200, JSON.stringify(done.json))
    }

    test('stays the same person: by the number of the forge, at once, and on record', async () => {
      await rename('warden')
      assert.match(await settings(), /name="name" value="warden"/)
      const [renamed] = await entries('account.rename')
      assert.equal(renamed?.['account'].name, 'keeper')
      assert.equal(renamed?.['name'], 'warden')
      const people = await keeper.person.ask(`${gateway.portal}/people`)
      assert.match(people.text, /warden/)
    })

    test('pushes under the new name, with evidence that verifies', async () => {
      const path = new URL(gateway.sample).pathname.replace('keeper', 'warden')
      const url = `http://warden:${await gitPassword(keeper.person)}@${new URL(gateway.url).host}${path}`
      const work = keeper.git.path('renamed')
      await keeper.git.ok(keeper.git.home, 'clone', '-q', url, work)
      await keeper.git.commit(work, 'As warden', (dir) => writeFileSync(join(dir, 'w.txt'), 'w\n'))
      await keeper.git.ok(work, 'push', '-q', 'origin', 'HEAD')
      assert.equal((await entries('intent')).at(-1)?.['actor'].name, 'warden')
      const dir = scratch('rename-evidence')
      const store = await openSqlite(join(gateway.home, 'countersign.db'))
      const { idx } = await store.db
        .selectFrom('ledger_entry')
        .select('idx')
        .where('type', '=', 'intent')
        .orderBy('idx', 'desc')
        .executeTakeFirstOrThrow()
      await store.close()
      const home = ['--home', gateway.home]
      const [trust, bundle] = [join(dir, 'trust.json'), join(dir, 'bundle.json')]
      writeFileSync(trust, (await run([cli, 'ledger', 'trust', ...home])).stdout)
      const made = await run([cli, 'evidence', 'export', String(idx), ...home, '-o', bundle])
      assert.equal(made.code, 0, made.stderr)
      const verified = await run([cli, 'verify', bundle, '--trust', trust])
      assert.equal(verified.code, 0, verified.stdout + verified.stderr)
    })

    test('the old name is somebody else now: neither is the other', async () => {
      const other = await enrolledPerson(gateway, await inviteLink(keeper.person, 'keeper'))
      await other.openForge('/')
      assert.match((await other.ask(`${gateway.url}/user/settings`)).text, /name="name" value="keeper"/)
      assert.match(await settings(), /name="name" value="warden"/)
      const [first, second] = (await entries('account.create')).map((one) => one['account'].forgeId)
      assert.notEqual(first, second)
      const page = await other.ask(
        `${gateway.url}${new URL(gateway.sample).pathname.replace('keeper', 'warden')}`,
      )
      assert.equal(page.status, 404, 'a private repository of the first')
    })

    test('a change that waited under the old name is not carried out under the new one', async () => {
      const path = `${new URL(gateway.sample).pathname.replace('keeper', 'warden').replace(/\.git$/, '')}/settings`
      const sent = await sendForm(gateway, keeper.person, path, {
        action: 'update',
        repo_name: path.split('/')[2]!,
        description: 'Waited',
      })
      const parked = parkedId(gateway, sent)
      await rename('guardian')
      const done = await confirmChange(keeper.person, parked)
      assert.notEqual(done.status, 200)
      assert.match(await settings(), /name="name" value="guardian"/)
    })

    test('access that waits for a name is not for whoever took the name meanwhile', async () => {
      const dora = await enrolledPerson(gateway, await inviteLink(keeper.person, 'dora'))
      await dora.openForge('/')
      const people = `${new URL(gateway.sample).pathname.replace('keeper', 'guardian').replace(/\.git$/, '')}/settings/collaboration`
      const wanted = parkedId(
        gateway,
        await sendForm(gateway, keeper.person, people, { collaborator: 'dora' }),
      )
      const renamed = await sendForm(gateway, dora, '/user/settings', { name: 'theodora' })
      assert.equal((await confirmChange(dora, parkedId(gateway, renamed))).status, 200)
      await dora.ask(`${gateway.url}/user/settings`)
      const eve = await enrolledPerson(gateway, await inviteLink(keeper.person, 'eve'))
      await eve.openForge('/')
      const took = await sendForm(gateway, eve, '/user/settings', { name: 'dora' })
      assert.equal((await confirmChange(eve, parkedId(gateway, took))).status, 200)
      const done = await confirmChange(keeper.person, wanted)
      assert.notEqual(done.status, 200)
      assert.match(JSON.stringify(done.json), /means somebody else now/)
      const again = await sendForm(gateway, keeper.person, people, { collaborator: 'dora' })
      assert.equal((await confirmChange(keeper.person, parkedId(gateway, again))).status, 200)
      const { fields } = (await entries('intent')).at(-1)!['change']
      const taken = (await entries('account.create')).at(-1)!['account'].forgeId
      assert.deepEqual(fields, [
        ['person', 'dora'],
        ['given-to', String(taken)],
      ])
    })
  })
}
