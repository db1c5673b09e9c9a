import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { change } from '../../src/core/evidence/change.ts'
import type { Proven } from '../../src/core/evidence/records.ts'
import type { Json } from '../../src/core/ledger/canonical-json.ts'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'
import { forges } from '../support/forges.ts'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { run } from '../support/git.ts'
import { ledgerEntries } from '../support/ledger-entries.ts'
import { enrolledPerson, inviteLink, type Pusher, pusher } from '../support/pusher.ts'
import { confirmChange, parkedId, sendForm } from '../support/web-change.ts'

const cli = join(import.meta.dirname, '..', '..', 'countersign')
const NONE = '0'.repeat(40)

for (const forge of forges()) {
  describe(`pages that move refs, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Pusher
    let work: string
    let main: string

    before(async () => {
      gateway = await startGateway({ env: forge.env })
      keeper = await pusher(gateway, 'keeper', gateway.enroll!)
      await keeper.person.openForge('/')
      work = keeper.git.path('work')
      await keeper.git.ok(keeper.git.home, 'clone', '-q', keeper.remote(gateway.sample), work)
      main = await keeper.git.ok(work, 'symbolic-ref', '--short', 'HEAD')
    })
    after(() => gateway.stop())

    const repo = (): string => new URL(gateway.sample).pathname.replace(/\.git$/, '')
    const entries = (type: string): Promise<Record<string, any>[]> => ledgerEntries(gateway.home, type)
    const last = async (type: string): Promise<Record<string, any>> => (await entries(type)).at(-1)!
    const send = (path: string, fields: Record<string, string>) =>
      sendForm(gateway, keeper.person, path, fields)
    const park = async (path: string, fields: Record<string, string>): Promise<string> =>
      parkedId(gateway, await send(path, fields))
    const confirm = (id: string) => confirmChange(keeper.person, id)

    /** The refs as the forge holds them. */
    async function refs(): Promise<Map<string, string>> {
      const out = await keeper.git.ok(keeper.git.home, 'ls-remote', keeper.remote(gateway.sample))
      return new Map(out.split('\n').map((line) => line.split('\t').reverse() as [string, string]))
    }
    const tip = async (branch: string): Promise<string | undefined> =>
      (await refs()).get(`refs/heads/${branch}`)
    let commits = 0
    /** One more commit on a branch, by a certified push. */
    async function advance(branch: string, files: Record<string, string> = {}): Promise<string> {
      await keeper.git.ok(work, 'fetch', '-q', 'origin')
      const from = (await tip(branch)) === undefined ? main : branch
      await keeper.git.ok(work, 'checkout', '-q', '--force', '--detach', `origin/${from}`)
      const id = await keeper.git.commit(work, `Commit ${++commits}`, (dir) => {
        for (const [path, text] of Object.entries({ [`pushed-${commits}.txt`]: 'x\n', ...files }))
          writeFileSync(join(dir, path), text)
      })
      await keeper.git.ok(work, 'push', '-q', 'origin', `HEAD:refs/heads/${branch}`)
      return id
    }
    /** Policy in force from here on; none with no text. */
    async function policy(text: string | null): Promise<void> {
      const loads = (await entries('policy.load')).length
      const file = join(gateway.home, 'policy', 'refs.cedar')
      mkdirSync(join(gateway.home, 'policy'), { recursive: true })
      if (text === null) rmSync(file)
      else writeFileSync(file, text)
      while ((await entries('policy.load')).length === loads)
        await new Promise((resolve) => setTimeout(resolve, 50))
    }
    /** While `work` runs, somebody else's change of the ref is under way. */
    async function meanwhile(ref: string, exclusive: 0 | 1, during: () => Promise<void>): Promise<void> {
      const store = await openSqlite(join(gateway.home, 'countersign.db'))
      const { repo: place, actor } = await last('intent')
      await store.db
        .insertInto('intent')
        .values({
          id: 'somebody-else',
          entry_index: 1_000_000,
          state: 'open',
          account_id: actor.account,
          repo_id: place.id,
          repo_owner: place.owner,
          repo_name: place.name,
          part: 'code',
          updates: JSON.stringify([{ ref, before: NONE, after: NONE }]),
          created_at: Date.now(),
          exclusive,
        })
        .execute()
      try {
        await during()
      } finally {
        await store.db.deleteFrom('intent').where('id', '=', 'somebody-else').execute()
        await store.close()
      }
    }

    describe('a branch is deleted', () => {
      const path = (branch: string): string => `${repo()}/branches/delete/${branch}`

      test('with the commit that it had signed, and both on record', async () => {
        const id = await advance('old/one')
        const parked = await park(path('old/one'), {})
        const page = await keeper.person.ask(`${gateway.portal}/c/${parked}`)
        assert.match(page.text, new RegExp(id))
        const done = await confirm(parked)
        assert.equal(done.status, 200, JSON.stringify(done.json))
        assert.equal(await tip('old/one'), undefined)
        const intent = await last('intent')
        assert.deepEqual(intent['change'].fields, [
          ['branch', 'old/one'],
          ['commit', id],
        ])
        assert.deepEqual(intent['updates'], [{ before: id, after: NONE, ref: 'refs/heads/old/one' }])
        const outcome = await last('outcome')
        assert.equal(outcome['result'], 'accepted')
        assert.deepEqual(outcome['refs'], [
          { ref: 'refs/heads/old/one', status: 'ok', before: id, after: NONE },
        ])
      })

      test('its evidence verifies offline', async () => {
        const dir = scratch('ref-evidence')
        const file = (name: string): string => join(dir, name)
        const store = await openSqlite(join(gateway.home, 'countersign.db'))
        const { idx } = await store.db
          .selectFrom('ledger_entry')
          .select('idx')
          .where('type', '=', 'intent')
          .orderBy('idx', 'desc')
          .executeTakeFirstOrThrow()
        await store.close()
        const home = ['--home', gateway.home]
        writeFileSync(file('trust.json'), (await run([cli, 'ledger', 'trust', ...home])).stdout)
        const made = await run([cli, 'evidence', 'export', String(idx), ...home, '-o', file('bundle.json')])
        assert.equal(made.code, 0, made.stderr)
        const verified = await run([cli, 'verify', file('bundle.json'), '--trust', file('trust.json')])
        assert.equal(verified.code, 0, verified.stdout + verified.stderr)
        assert.match(verified.stdout, /branch\.delete/)
      })

      test('no evidence: other refs on record than the statement names', async () => {
        const payload = (await last('intent')) as { [key: string]: Json }
        const portal = { portal: gateway.portal, rpId: new URL(gateway.portal).hostname }
        const entry = { v: 1, type: 'intent', time: Date.now(), commit: '' } as unknown as Proven['entry']
        const judged = (updates: Json) =>
          change({ index: 0, entry, payload: { ...payload, updates } }, portal)
        assert.equal(judged(payload['updates']!).outcome, 'holds')
        for (const updates of [[], [{ before: NONE, after: NONE, ref: 'refs/heads/old/one' }]] as Json[])
          assert.match(judged(updates).say, /not those that the statement names/)
      })

      test('not when it moved between page and form, nor when it is not there', async () => {
        const old = await advance('gone')
        await advance('gone')
        const stale = await send(path('gone'), { commit: old })
        assert.equal(stale.status, 400)
        assert.match(stale.text, /moved since the page was made/)
        assert.equal((await send(path('never'), {})).status, 404)
      })

      test('not when it moved between form and touch', async () => {
        await advance('moving')
        const parked = await park(path('moving'), {})
        const now = await advance('moving')
        const done = await confirm(parked)
        assert.notEqual(done.status, 200)
        assert.match(JSON.stringify(done.json), /moved since this was shown/)
        assert.equal(await tip('moving'), now)
        const outcome = await last('outcome')
        assert.equal(outcome['result'], 'rejected')
        assert.equal(outcome['status'], null)
        assert.notEqual((await confirm(parked)).status, 200)
      })

      test('nor while a push of it is under way; and no push while it is', async () => {
        const id = await advance('busy')
        const parked = await park(path('busy'), {})
        await meanwhile('refs/heads/busy', 0, async () => {
          const done = await confirm(parked)
          assert.equal(done.status, 429, JSON.stringify(done.json))
        })
        assert.equal(await tip('busy'), id)
        await meanwhile('refs/heads/busy', 1, async () => {
          await assert.rejects(advance('busy'), /under way/)
          await advance('another')
        })
        assert.equal(await tip('busy'), id)
      })

      test('a push and a touch at once: one of them, whole', async () => {
        for (let round = 0; round < 4; round++) {
          const old = await advance('race')
          const parked = await park(path('race'), {})
          const [touched, pushed] = await Promise.allSettled([confirm(parked), advance('race')])
          const deleted = touched.status === 'fulfilled' && touched.value.status === 200
          const now = await tip('race')
          if (deleted) assert.ok(now === undefined || pushed.status === 'fulfilled', now)
          else assert.ok(now !== undefined)
          if (deleted)
            assert.equal(
              (await entries('outcome')).findLast(({ refs: all }) => all[0]?.after === NONE)?.['refs'][0]
                .before,
              old,
            )
        }
      })

      test('not by somebody who may only read', async () => {
        const id = await advance('kept')
        const name = `reader${forge.name.length}`
        const reader = await enrolledPerson(gateway, await inviteLink(keeper.person, name))
        await reader.openForge('/')
        const people = `${repo()}/settings/collaboration`
        assert.equal((await confirm(await park(people, { collaborator: name }))).status, 200)
        const uid = String((await last('account.create'))['account'].forgeId)
        const mode = await park(`${people}/access_mode`, { uid, mode: '1' })
        const set = await confirm(mode)
        assert.equal(set.status, 200, JSON.stringify(set.json))
        const answer = await sendForm(gateway, reader, path('kept'), {})
        assert.equal(answer.status, 403, answer.text.slice(-400))
        assert.match(answer.text, /but not move its branches/)
        assert.equal(await tip('kept'), id)
      })

      test('not against a policy that protects it, as for a push', async () => {
        await advance('release')
        await policy(
          '@id("release stays") forbid (principal, action, resource) when { context.push.refs.contains("refs/heads/release") && context.push.deletes };\n',
        )
        const answer = await send(path('release'), {})
        assert.equal(answer.status, 403)
        assert.match(answer.text, /release stays/)
        await policy(null)
      })

      test('what the forge leaves as it was is told and on record', async () => {
        const parked = await park(path(main), {})
        const done = await confirm(parked)
        const left = await tip(main)
        if (left === undefined) return assert.equal(done.status, 200)
        assert.equal(done.status, 502, JSON.stringify(done.json))
        assert.equal((await last('outcome'))['refs'][0].status, 'ng')
      })
    })

    test('a change that nobody saw the end of is settled at the next start, by what the ref holds', async () => {
      const old = await advance('topic/late')
      await keeper.git.commit(work, 'Late', (dir) => writeFileSync(join(dir, 'late.txt'), 'x\n'))
      await keeper.git.ok(work, 'push', '-q', 'origin', 'HEAD:refs/heads/topic/late')
      const { actor, repo: where } = await last('intent')
      const now = (await tip('topic/late'))!
      await gateway.stop()
      const store = await openSqlite(join(gateway.home, 'countersign.db'))
      const open = (at: number, before: string, after: string) => ({
        id: `open-${at}`,
        entry_index: 2_000_000 + at,
        state: 'open' as const,
        account_id: actor.account as string,
        repo_id: where.id as number,
        repo_owner: where.owner as string,
        repo_name: where.name as string,
        part: 'code' as const,
        updates: JSON.stringify([
          { ref: 'refs/heads/topic/late', before, after },
          { ref: 'refs/heads/main', before: old, after: old },
        ]),
        created_at: Date.now(),
        exclusive: 1,
      })
      await store.db
        .insertInto('intent')
        .values([open(1, old, now), open(2, old, '1'.repeat(40)), open(3, now, old)])
        .execute()
      await store.close()
      gateway = await startGateway({ env: forge.env, home: gateway.home })
      const settled = new Map((await entries('outcome')).map((one) => [one['intent'] - 2_000_000, one]))
      assert.equal(settled.get(1)?.['result'], 'accepted')
      assert.deepEqual(settled.get(1)?.['refs'], [{ ref: 'refs/heads/topic/late', status: 'ok' }])
      assert.equal(settled.get(2)?.['result'], 'unknown')
      assert.equal(settled.get(3)?.['result'], 'rejected')
    })
  })
}
