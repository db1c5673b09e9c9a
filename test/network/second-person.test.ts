import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'
import { forges } from '../support/forges.ts'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { run } from '../support/git.ts'
import {
  answerBy,
  approvePush,
  type HeldPush,
  pushSigned,
  pushUnsigned,
  submit,
} from '../support/held-push.ts'
import { ledgerEntries } from '../support/ledger-entries.ts'
import { type Answer, NAVIGATE, Person } from '../support/person.ts'
import { enrolledPerson, gitPassword, inviteLink, type Pusher, pusherOf } from '../support/pusher.ts'
import { ageDevices, askOf, asksIn, countersign } from '../support/second-person.ts'
import { confirmChange, parkedId, sendForm } from '../support/web-change.ts'

const cli = join(import.meta.dirname, '..', '..', 'countersign')

const POLICY = `@id("webhooks need two people")
forbid (principal, action == Action::"repo.webhook.create", resource) unless { context.countersignatures >= 1 };
@id("collaborators need three people")
forbid (principal, action == Action::"repo.collaborator.add", resource) unless { context.countersignatures >= 2 };
@id("nobody agrees to what an outsider gets")
forbid (principal, action == Action::"repo.features.update", resource) unless { context.countersignatures >= 9 };
`

for (const forge of forges()) {
  describe(`a second person, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Person
    let bob: Person
    let carol: Person
    let dave: Person

    before(async () => {
      gateway = await startGateway({ env: forge.env })
      keeper = await enrolledPerson(gateway, gateway.enroll!)
      await keeper.openForge('/')
      const join = async (name: string): Promise<Person> => {
        const person = await enrolledPerson(gateway, await inviteLink(keeper, name))
        await person.openForge('/')
        return person
      }
      bob = await join('bob')
      carol = await join('carol')
      dave = await join('dave')
      for (const name of ['bob', 'carol']) {
        const path = `${repo()}/settings/collaboration`
        const sent = await sendForm(gateway, keeper, path, { collaborator: name })
        const added = await confirmChange(keeper, parkedId(gateway, sent))
        assert.equal(added.status, 200, JSON.stringify(added.json))
      }
      await policy('two.cedar', POLICY)
    })
    after(() => gateway.stop())

    const repo = (): string => new URL(gateway.sample).pathname.replace(/\.git$/, '')
    const entries = (type: string): Promise<Record<string, any>[]> => ledgerEntries(gateway.home, type)
    const text = async (who: Person, path: string): Promise<string> =>
      (await who.ask(`${gateway.portal}${path}`)).text
    const hooks = async (): Promise<string> =>
      (await keeper.ask(`${gateway.url}${repo()}/settings/hooks`, { headers: NAVIGATE })).text
    async function policy(file: string, cedar: string): Promise<void> {
      const loads = (await entries('policy.load')).length
      mkdirSync(join(gateway.home, 'policy'), { recursive: true })
      writeFileSync(join(gateway.home, 'policy', file), cedar)
      while ((await entries('policy.load')).length === loads)
        await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const sendHook = (host: string, who = keeper): Promise<Answer> =>
      sendForm(gateway, who, `${repo()}/settings/hooks/gogs/new`, {
        payload_url: `https://${host}/hook`,
        content_type: '1',
        secret: 'a-secret-nobody-sees',
        events: 'push_only',
      })
    /** A webhook that its person signed: its page, and the address for others. */
    async function signedHook(host: string, who = keeper): Promise<{ id: string; ask: string }> {
      const id = parkedId(gateway, await sendHook(host, who))
      const signed = await confirmChange(who, id)
      assert.equal(signed.status, 200, JSON.stringify(signed.json))
      return { id, ask: await askOf(who, `/c/${id}`) }
    }
    async function dropped({ id }: { id: string }): Promise<void> {
      await submit(keeper, `/c/${id}/refuse`, {})
      assert.match(await text(keeper, `/c/${id}`), /Dropped/)
    }

    test('by default no device younger than a day countersigns; its person is told', async () => {
      const one = await signedHook('93.184.215.10')
      assert.deepEqual(await asksIn(bob), [])
      assert.match(await text(bob, `/countersign/${one.ask}`), /added a day ago or earlier/)
      const young = await countersign(bob, one.ask)
      assert.equal(young.status, 409, JSON.stringify(young.json))
      assert.doesNotMatch(await hooks(), /93\.184\.215\.10/)
      await dropped(one)
      await ageDevices(gateway, 25)
    })

    test('signed, then countersigned by somebody else: done once, in the name of whoever asked', async () => {
      const sent = await sendHook('93.184.215.14')
      const id = parkedId(gateway, sent)
      assert.match(sent.text, /and another person/)
      assert.match(
        await text(keeper, `/c/${id}`),
        /until you confirm it, and one other person countersigns it/,
      )
      const signed = await confirmChange(keeper, id)
      assert.equal(signed.status, 200, JSON.stringify(signed.json))
      assert.match(await text(keeper, `/c/${id}`), /Signed by you/)
      assert.doesNotMatch(await hooks(), /93\.184\.215\.14/)
      const ask = await askOf(keeper, `/c/${id}`)
      assert.deepEqual(await asksIn(bob), [ask])
      assert.match(await text(bob, '/'), /waits for your countersignature/)
      const shown = await text(bob, `/countersign/${ask}`)
      assert.match(shown, /keeper/)
      assert.match(shown, /93\.184\.215\.14/)
      assert.match(shown, /action repo\.webhook\.create/) // the very text that was signed
      assert.ok(!shown.includes('a-secret-nobody-sees'))
      const done = await countersign(bob, ask)
      assert.equal(done.status, 200, JSON.stringify(done.json))
      assert.match(await hooks(), /93\.184\.215\.14/)
      assert.match(await text(keeper, `/c/${id}`), /<h1[^>]*>Done/)
      assert.match(await text(bob, `/countersign/${ask}`), /<h1[^>]*>Done/)
      const intent = await lastHook()
      assert.equal(intent['actor'].name, 'keeper')
      assert.deepEqual(
        intent['countersigns'].map((one: any) => [one.actor.name, one.proof.uv]),
        [['bob', true]],
      )
      const statement = Buffer.from(intent['countersigns'][0].statement.text, 'base64').toString()
      assert.match(
        statement,
        /\naction countersign\nrepo keeper\/hello forge-id \d+\nfield of sha256:[0-9a-f]{64}\n/,
      )
      assert.match(statement, /\nfield verb repo\.webhook\.create\nfield requester keeper\n/)
      const outcome = (await entries('outcome')).find((one) => one['intent'] === intent['index'])
      assert.equal(outcome?.['result'], 'accepted')
      assert.equal((await countersign(carol, ask)).status, 400, 'done is done')
    })

    test('the evidence holds both statements, and verifies offline', async () => {
      const { index } = await lastHook()
      await verifies(String(index), /bob countersigned what keeper signed \(touched, with PIN or biometric\)/)
    })

    async function verifies(subject: string, words: RegExp): Promise<void> {
      const dir = scratch('second-evidence')
      const file = (name: string): string => join(dir, name)
      writeFileSync(file('trust.json'), (await run([cli, 'ledger', 'trust', '--home', gateway.home])).stdout)
      const exported = await run([
        ...[cli, 'evidence', 'export', subject, '--home', gateway.home],
        ...['-o', file('bundle.json')],
      ])
      assert.equal(exported.code, 0, exported.stderr)
      const verified = await run([cli, 'verify', file('bundle.json'), '--trust', file('trust.json')])
      assert.equal(verified.code, 0, verified.stdout + verified.stderr)
      assert.match(verified.stdout, words)
    }

    test('nobody countersigns their own: not in another session, nor by another device', async () => {
      const one = await signedHook('93.184.215.15')
      assert.equal((await countersign(keeper, one.ask)).status, 404)
      const second = await keeper.addPasskey('Second')
      assert.equal((await countersign(keeper, one.ask, second)).status, 404)
      const again = new Person(gateway)
      Object.assign(again, { passkey: keeper.passkey })
      await again.signIn()
      assert.equal((await countersign(again, one.ask)).status, 404)
      assert.deepEqual(await asksIn(again), [])
      assert.match(await text(keeper, `/c/${one.id}`), /0 of 1 countersignature/)
      await dropped(one)
    })

    test('who may not see the repository hears nothing of it, and cannot answer', async () => {
      const one = await signedHook('93.184.215.16')
      assert.deepEqual(await asksIn(dave), [])
      const foreign = await dave.ask(`${gateway.portal}/countersign/${one.ask}`)
      const unknown = await dave.ask(`${gateway.portal}/countersign/${'x'.repeat(43)}`)
      assert.equal(foreign.status, 404)
      assert.equal(foreign.text, unknown.text)
      assert.equal((await countersign(dave, one.ask)).status, 404)
      const no = await dave.portal(`/countersign/${one.ask}/refuse`, { why: 'I say so' })
      assert.equal(no.status, 404)
      await dropped(one)
      assert.deepEqual(await asksIn(bob), [])
    })

    test('a countersignature of one change sent for another; one of its own used twice', async () => {
      const [a, b] = [await signedHook('93.184.215.17'), await signedHook('93.184.215.18')]
      const begun = await bob.portal(`/countersign/${a.ask}/begin`, {})
      const other = await bob.portal(`/countersign/${b.ask}/begin`, {})
      const credential = answerBy(bob.passkey, begun.json['options'])
      for (const id of [begun.json['id'], other.json['id']])
        assert.equal((await bob.portal(`/countersign/${b.ask}/approve`, { id, credential })).status, 400)
      assert.equal((await countersign(bob, a.ask)).status, 200)
      assert.equal((await countersign(bob, a.ask)).status, 400)
      assert.doesNotMatch(await hooks(), /93\.184\.215\.18/)
      await dropped(b)
    })

    test('three people: the same one twice counts once', async () => {
      const sent = await sendForm(gateway, keeper, `${repo()}/settings/collaboration`, {
        collaborator: 'dave',
      })
      const id = parkedId(gateway, sent)
      assert.equal((await confirmChange(keeper, id)).status, 200)
      const ask = await askOf(keeper, `/c/${id}`)
      assert.equal((await countersign(bob, ask)).status, 200)
      assert.match(await text(keeper, `/c/${id}`), /1 of 2 countersignatures/)
      const second = await bob.addPasskey('Second')
      await ageDevices(gateway, 25)
      for (const by of [bob.passkey, second]) {
        const twice = await countersign(bob, ask, by)
        assert.equal(twice.status, 400)
        assert.match(twice.json['title'], /countersigned this already/)
      }
      assert.deepEqual(await asksIn(bob), [])
      assert.equal((await countersign(carol, ask)).status, 200)
      const intent = (await entries('intent')).at(-1)!
      assert.deepEqual(
        intent['countersigns'].map((one: any) => one.actor.name),
        ['bob', 'carol'],
      )
      assert.equal(intent['action'], 'repo.collaborator.add')
    })

    test('two at the same moment: it is carried out once', async () => {
      const one = await signedHook('93.184.215.19')
      const made = async (): Promise<number> =>
        (await entries('intent')).filter(({ action }) => action === 'repo.webhook.create').length
      const before = await made()
      const answers = await Promise.all([bob, carol].map((who) => countersign(who, one.ask)))
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400])
      assert.equal(await made(), before + 1)
      assert.equal((await hooks()).match(/93\.184\.215\.19/g)?.length, 1)
    })

    test('refused with a reason: the person who asked reads it, and it is on record', async () => {
      const one = await signedHook('93.184.215.20')
      await submit(bob, `/countersign/${one.ask}/refuse`, { why: 'Not before <Monday>' })
      assert.match(await text(keeper, `/c/${one.id}`), /bob refused: Not before &lt;Monday&gt;/)
      assert.equal((await countersign(carol, one.ask)).status, 400)
      const refused = (await entries('countersign.refuse')).at(-1)!
      assert.deepEqual(
        [refused['action'], refused['actor'].name, refused['by'].name, refused['say']],
        ['repo.webhook.create', 'keeper', 'bob', 'Not before <Monday>'],
      )
      assert.doesNotMatch(await hooks(), /93\.184\.215\.20/)
    })

    test('policy that changed meanwhile decides', async () => {
      const one = await signedHook('93.184.215.21')
      await policy(
        'who.cedar',
        '@id("only carol countersigns") forbid (principal, action == Action::"countersign", resource) unless { principal == Account::"carol" };',
      )
      assert.deepEqual(await asksIn(bob), [])
      assert.equal((await countersign(bob, one.ask)).status, 404)
      await policy(
        'who.cedar',
        '@id("no webhooks for now") forbid (principal, action == Action::"repo.webhook.create", resource);',
      )
      const late = await countersign(carol, one.ask)
      assert.equal(late.status, 403, JSON.stringify(late.json))
      assert.match(await text(keeper, `/c/${one.id}`), /no webhooks for now/)
      await policy('who.cedar', '\n')
    })

    test('more people than a challenge asks for: nobody may', async () => {
      const sent = await sendForm(gateway, keeper, `${repo()}/settings`, {
        action: 'advanced',
        enable_issues: 'on',
      })
      assert.equal(sent.status, 403)
    })

    test('somebody who lost the repository meanwhile does not count', async () => {
      const sent = await sendForm(gateway, keeper, `${repo()}/settings/collaboration`, {
        collaborator: 'keeper',
      })
      const id = parkedId(gateway, sent)
      assert.equal((await confirmChange(keeper, id)).status, 200)
      const ask = await askOf(keeper, `/c/${id}`)
      assert.equal((await countersign(bob, ask)).status, 200)
      assert.match(await text(keeper, `/c/${id}`), /1 of 2/)
      await removeCollaborator('bob')
      // Carol's is the second, and then bob's no longer counts.
      assert.equal((await countersign(carol, ask)).status, 200)
      assert.match(await text(keeper, `/c/${id}`), /1 of 2 countersignatures[\s\S]*carol/)
      assert.equal((await bob.ask(`${gateway.portal}/countersign/${ask}`)).status, 404)
      await dropped({ id })
    })

    test('the account of somebody who countersigned is disabled: theirs is gone at once', async () => {
      const sent = await sendForm(gateway, keeper, `${repo()}/settings/collaboration`, {
        collaborator: 'keeper',
      })
      const id = parkedId(gateway, sent)
      assert.equal((await confirmChange(keeper, id)).status, 200)
      const ask = await askOf(keeper, `/c/${id}`)
      assert.equal((await countersign(carol, ask)).status, 200)
      assert.match(await text(keeper, `/c/${id}`), /1 of 2/)
      const account = await accountOf('carol')
      await keeper.approve('account-state', { account, state: 'disabled' })
      assert.match(await text(keeper, `/c/${id}`), /0 of 2/)
      await keeper.approve('account-state', { account, state: 'active' })
      assert.match(await text(keeper, `/c/${id}`), /0 of 2/)
      await dropped({ id })
    })

    describe('a push', () => {
      let pushing: Pusher
      let work: string
      let main: string
      let commits = 0
      const tip = async (): Promise<string> =>
        (await pushing.git.ok(work, 'ls-remote', pushing.remote(gateway.sample), `refs/heads/${main}`)).split(
          '\t',
        )[0]!
      const commit = (): Promise<string> =>
        pushing.git.commit(work, `Commit ${++commits}`, (dir) =>
          writeFileSync(join(dir, `pushed-${commits}.txt`), 'x\n'),
        )
      const addressIn = async (push: HeldPush): Promise<string> => {
        for (;;) {
          const found = /waits for another person: \S+\/countersign\/([A-Za-z0-9_-]{43})/.exec(push.stderr())
          if (found) return found[1]!
          await new Promise((resolve) => setTimeout(resolve, 25))
        }
      }

      before(async () => {
        pushing = await pusherOf(keeper, 'keeper')
        await carol.signIn()
        await ageDevices(gateway, 25)
        work = pushing.git.path('work')
        await pushing.git.ok(pushing.git.home, 'clone', '-q', pushing.remote(gateway.sample), work)
        main = await pushing.git.ok(work, 'symbolic-ref', '--short', 'HEAD')
        await policy(
          'push.cedar',
          '@id("pushes need two people") forbid (principal, action == Action::"git.push", resource) unless { context.countersignatures >= 1 };',
        )
      })

      test('touched by its person, it waits on for somebody else, and lands', async () => {
        const id = await commit()
        const before = await tip()
        const push = pushUnsigned(pushing.git, work, 'origin', 'HEAD')
        const code = await push.code
        assert.match(
          await text(keeper, `/a/${code}`),
          /until you approve it, and one other person countersigns it/,
        )
        assert.equal((await approvePush(keeper, code)).status, 200)
        const ask = await addressIn(push)
        assert.match(await text(keeper, `/a/${code}`), /0 of 1 countersignature/)
        assert.equal(await tip(), before)
        assert.equal((await countersign(keeper, ask)).status, 404)
        assert.equal((await countersign(bob, ask)).status, 404, 'he lost the repository')
        assert.deepEqual(await asksIn(carol), [ask])
        const shown = await text(carol, `/countersign/${ask}`)
        assert.match(shown, /Push 1 ref to keeper\/hello/)
        assert.match(shown, /pushed-1\.txt/)
        const done = await countersign(carol, ask)
        assert.equal(done.status, 200, JSON.stringify(done.json))
        assert.equal((await push.done).code, 0, push.stderr())
        assert.equal(await tip(), id)
        const intent = (await entries('intent')).findLast(({ action }) => action === 'git.push')!
        assert.deepEqual(
          intent['countersigns'].map((one: any) => [one.actor.name, one.proof.shown]),
          [['carol', 'diff']],
        )
        await verifies(id, /carol countersigned what keeper signed/)
      })

      test('signed by git itself, it waits for somebody else, too', async () => {
        const id = await commit()
        const push = pushSigned(pushing.git, work, 'origin', 'HEAD')
        const ask = await addressIn(push)
        assert.equal((await countersign(carol, ask)).status, 200)
        assert.equal((await push.done).code, 0, push.stderr())
        assert.equal(await tip(), id)
        await verifies(id, /carol countersigned what keeper signed/)
      })

      test('refused by somebody else, withdrawn, left, its git password ended: nothing lands', async () => {
        const before = await tip()
        await commit()
        const wait = async (): Promise<{ push: HeldPush; ask: string }> => {
          const push = pushSigned(pushing.git, work, 'origin', 'HEAD')
          return { push, ask: await addressIn(push) }
        }
        const no = await wait()
        await submit(carol, `/countersign/${no.ask}/refuse`, { why: 'Not on a Friday' })
        assert.notEqual((await no.push.done).code, 0)
        assert.match(no.push.stderr(), /carol refused: Not on a Friday/)
        const own = await wait()
        const code = /\/a\/([2-9A-Z-]{9})/.exec(await text(keeper, '/pending'))![1]!
        await submit(keeper, `/a/${code}/refuse`, { why: '' })
        assert.notEqual((await own.push.done).code, 0)
        assert.equal((await countersign(carol, own.ask)).status, 400)
        const left = await wait()
        left.push.kill()
        while ((await asksIn(carol)).includes(left.ask))
          await new Promise((resolve) => setTimeout(resolve, 50))
        assert.equal((await countersign(carol, left.ask)).status, 400)
        const ended = await wait()
        const passwords = [
          ...(await text(keeper, '/git-password')).matchAll(/\/git-password\/([^/"]+)\/end/g),
        ]
        for (const [, id] of passwords) await submit(keeper, `/git-password/${id}/end`, {})
        assert.notEqual((await ended.push.done).code, 0)
        assert.equal((await countersign(carol, ended.ask)).status, 400)
        pushing.password = await gitPassword(keeper)
        assert.equal(await tip(), before)
        const ends = (await entries('hold.end')).slice(-4).map(({ end }) => end)
        assert.deepEqual(ends, ['refused', 'refused', 'gone', 'revoked'])
      })
    })

    test('after a restart nothing waits, and nothing is carried out', async () => {
      const one = await signedHook('93.184.215.22')
      await gateway.kill()
      const again = await startGateway({ env: forge.env, home: gateway.home })
      try {
        const rows = await ledgerEntries(gateway.home, 'intent')
        assert.ok(!JSON.stringify(rows).includes('93.184.215.22'))
        const at = new Person(again)
        const answer = await at.ask(`${again.portal}/countersign/${one.ask}`)
        assert.equal(answer.status, 303)
      } finally {
        await again.stop()
      }
    })

    async function removeCollaborator(name: string): Promise<void> {
      const path = `${repo()}/settings/collaboration`
      const page = (await keeper.ask(`${gateway.url}${path}`, { headers: NAVIGATE })).text
      const user = await forgeIdOf(name)
      assert.ok(page.includes(name))
      const sent = await sendForm(gateway, keeper, `${path}/delete`, { id: String(user) })
      const removed = await confirmChange(keeper, parkedId(gateway, sent))
      assert.equal(removed.status, 200, JSON.stringify(removed.json))
    }
    const created = async (name: string): Promise<Record<string, any>> =>
      (await entries('account.create')).find(({ account }) => account.name === name)!['account']
    const forgeIdOf = async (name: string): Promise<number> => (await created(name))['forgeId']
    const accountOf = async (name: string): Promise<string> => (await created(name))['id']
    /** The newest intent of a webhook, with its index: pages that show secrets are intents, too. */
    async function lastHook(): Promise<Record<string, any>> {
      const store = await openSqlite(join(gateway.home, 'countersign.db'))
      const rows = await store.db
        .selectFrom('ledger_entry')
        .select(['idx', 'payload'])
        .where('type', '=', 'intent')
        .orderBy('idx')
        .execute()
      await store.close()
      return rows
        .map(({ idx, payload }) => ({ ...JSON.parse(Buffer.from(payload!).toString()), index: idx }))
        .findLast(({ action }) => action === 'repo.webhook.create')
    }
  })
}
