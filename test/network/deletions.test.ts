import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { forges } from '../support/forges.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { ledgerEntries } from '../support/ledger-entries.ts'
import type { Person } from '../support/person.ts'
import { enrolledPerson, inviteLink } from '../support/pusher.ts'
import { confirmChange, parkedId, sendForm } from '../support/web-change.ts'

for (const forge of forges()) {
  describe(`accounts and organisations that are deleted, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Person
    let bob: Person

    before(async () => {
      gateway = await startGateway({ env: forge.env })
      keeper = await enrolledPerson(gateway, gateway.enroll!)
      await keeper.openForge('/')
      bob = await enrolledPerson(gateway, await inviteLink(keeper, 'bob'))
      await bob.openForge('/')
    })
    after(() => gateway.stop())

    const entries = (type: string): Promise<Record<string, any>[]> => ledgerEntries(gateway.home, type)
    const change = async (who: Person, path: string, fields: Record<string, string>) =>
      confirmChange(who, parkedId(gateway, await sendForm(gateway, who, path, fields)))
    const page = async (who: Person, path: string): Promise<number> =>
      (await who.ask(`${gateway.url}${path}`)).status

    test('an organisation goes by a touch of its owner, and no password is read or kept', async () => {
      assert.equal((await change(bob, '/org/create', { org_name: 'acme' })).status, 200)
      assert.equal(await page(bob, '/org/acme/dashboard'), 200)
      const done = await change(bob, '/org/acme/settings/delete', { password: 'hunter2 hunter2' })
      assert.equal(done.status, 200, JSON.stringify(done.json))
      assert.equal(await page(bob, '/org/acme/dashboard'), 404)
      const intent = (await entries('intent')).at(-1)!
      assert.equal(intent['action'], 'org.delete')
      assert.equal(intent['org'].name, 'acme')
      assert.deepEqual(intent['change'].fields, [])
      assert.doesNotMatch(JSON.stringify(await entries('intent')) + gateway.log(), /hunter2/)
    })

    test('not one that another owns', async () => {
      assert.equal((await change(keeper, '/org/create', { org_name: 'kept' })).status, 200)
      const sent = await sendForm(gateway, bob, '/org/kept/settings/delete', { password: 'x' })
      if (sent.status === 409) {
        const done = await confirmChange(bob, parkedId(gateway, sent))
        assert.equal(done.status, 502, JSON.stringify(done.json))
        assert.equal((await entries('outcome')).at(-1)?.['result'], 'rejected')
      } else assert.equal(sent.status, 404)
      assert.equal(await page(keeper, '/org/kept/dashboard'), 200)
    })

    test('not the last administrator, and nobody who still owns something', async () => {
      const last = await sendForm(gateway, keeper, '/user/settings/delete', { password: 'x' })
      assert.equal(last.status, 403)
      assert.match(last.text, /the last administrator/)
      const { text } = await bob.ask(`${gateway.url}/repo/create`)
      const made = await sendForm(gateway, bob, '/repo/create', {
        user_id: String((await entries('account.create')).at(-1)!['account'].forgeId),
        repo_name: 'mine',
        _csrf: /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? '',
      })
      assert.ok(made.status < 400, made.text.slice(-300))
      const done = await change(bob, '/user/settings/delete', { password: 'x' })
      assert.equal(done.status, 502)
      assert.match(JSON.stringify(done.json), /owns repositories/)
      assert.equal(await page(bob, '/user/settings'), 200)
    })

    test('a person goes by a touch of theirs: at the forge, and here at once', async () => {
      const carol = await enrolledPerson(gateway, await inviteLink(keeper, 'carol'))
      await carol.openForge('/')
      const [waits] = [parkedId(gateway, await sendForm(gateway, carol, '/org/create', { org_name: 'late' }))]
      const done = await change(carol, '/user/settings/delete', { password: 'x' })
      assert.equal(done.status, 200, JSON.stringify(done.json))
      assert.notEqual(await page(carol, '/user/settings'), 200)
      assert.notEqual((await carol.ask(`${gateway.portal}/devices`)).status, 200)
      assert.notEqual((await carol.portal(`/c/${waits}/begin`, {})).status, 200)
      const state = (await entries('account.state')).at(-1)!
      assert.deepEqual(
        [state['account'].name, state['state'], state['by']],
        ['carol', 'disabled', 'user.delete'],
      )
      assert.equal(await page(keeper, '/carol'), 404)
    })
  })
}
