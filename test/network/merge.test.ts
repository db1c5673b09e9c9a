import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'
import { forges } from '../support/forges.ts'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { run } from '../support/git.ts'
import { answerBy } from '../support/held-push.ts'
import { ledgerEntries } from '../support/ledger-entries.ts'
import { NAVIGATE, type Person } from '../support/person.ts'
import { inviteLink, type Pusher, pusher } from '../support/pusher.ts'
import { confirmChange, parkedId, sendForm } from '../support/web-change.ts'

const cli = join(import.meta.dirname, '..', '..', 'countersign')
const REGULAR = { merge_style: 'create_merge_commit' }

for (const forge of forges()) {
  describe(`merges, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Pusher
    let mate: Pusher
    let work: string
    let repoId: number
    let mateId: number

    before(async () => {
      gateway = await startGateway({ env: forge.env })
      keeper = await pusher(gateway, 'keeper', gateway.enroll!)
      await keeper.person.openForge('/')
      mate = await pusher(gateway, 'mate', await inviteLink(keeper.person, 'mate'))
      await mate.person.openForge('/')
      mateId = (await last('account.create'))['account'].forgeId
      work = keeper.git.path('work')
      await keeper.git.ok(keeper.git.home, 'clone', '-q', keeper.remote(gateway.sample), work)
      await push('main', { 'README.md': 'one\ntwo\nthree\n' })
      repoId = (await last('intent'))['repo'].id
    })
    after(() => gateway.stop())

    const repo = (): string => new URL(gateway.sample).pathname.replace(/\.git$/, '')
    const entries = (type: string): Promise<Record<string, any>[]> => ledgerEntries(gateway.home, type)
    const last = async (type: string): Promise<Record<string, any>> => (await entries(type)).at(-1)!
    const page = async (who: Person, path: string): Promise<string> =>
      (await who.ask(`${gateway.url}${path}`, { headers: NAVIGATE })).text

    /** What rides on the session is forwarded as it came, so with the token of a page. */
    async function ride(who: Person, path: string, form: Record<string, string>) {
      const token = /<meta name="_csrf" content="([^"]+)"/.exec(await page(who, '/user/settings'))
      return sendForm(gateway, who, path, { _csrf: token![1]!, ...form })
    }

    async function refs(of = gateway.sample): Promise<Map<string, string>> {
      const out = await keeper.git.ok(keeper.git.home, 'ls-remote', keeper.remote(of))
      return new Map(out.split('\n').map((line) => line.split('\t').reverse() as [string, string]))
    }
    const tip = async (branch: string): Promise<string> => (await refs()).get(`refs/heads/${branch}`) ?? ''

    let commits = 0
    /** One more commit on a branch, from its tip or from that of another one, by a certified push. */
    async function push(branch: string, files: Record<string, string>, from = branch): Promise<string> {
      await keeper.git.ok(work, 'fetch', '-q', '--prune', 'origin')
      await keeper.git.ok(work, 'checkout', '-q', '--force', '--detach', `origin/${from}`)
      const id = await keeper.git.commit(work, `Commit ${++commits}`, (dir) => {
        for (const [path, text] of Object.entries(files)) writeFileSync(join(dir, path), text)
      })
      await keeper.git.ok(work, 'push', '-q', 'origin', `HEAD:refs/heads/${branch}`)
      return id
    }
    /** Open a pull request into main; resolves with its path when the forge would merge it. */
    async function pull(head: string, by = keeper.person, ready = true): Promise<string> {
      const made = await ride(by, `${repo()}/compare/main...${head}`, { title: head, content: '' })
      const path = new URL(String(made.headers['location']), gateway.url).pathname
      assert.match(path, /\/pulls\/\d+$/, made.text.slice(-500))
      for (let left = 200; ready && left > 0; left--) {
        if ((await page(keeper.person, path)).includes(`action="${path}/merge"`)) return path
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      if (ready) assert.fail(`${path} does not become ready`)
      return path
    }
    /** A branch from main with one more file, and its pull request. */
    async function offer(name: string, files?: Record<string, string>): Promise<string> {
      await push(name, files ?? { [`${name}.txt`]: `${name}\n` }, 'main')
      return pull(name)
    }
    const send = (path: string, form: Record<string, string> = REGULAR, who = keeper.person) =>
      sendForm(gateway, who, `${path}/merge`, form)
    const park = async (path: string): Promise<string> => parkedId(gateway, await send(path))
    const confirm = (id: string, who = keeper.person) => confirmChange(who, id)
    async function policy(text: string | null): Promise<void> {
      const loads = (await entries('policy.load')).length
      const file = join(gateway.home, 'policy', 'merge.cedar')
      mkdirSync(join(gateway.home, 'policy'), { recursive: true })
      if (text === null) rmSync(file)
      else writeFileSync(file, text)
      while ((await entries('policy.load')).length === loads)
        await new Promise((resolve) => setTimeout(resolve, 50))
    }

    test('of a branch: shown, signed, done, and what it made is what was signed', async () => {
      const path = await offer('topic')
      const [base, head] = [await tip('main'), await tip('topic')]
      const parked = await park(path)
      const shown = (await keeper.person.ask(`${gateway.portal}/c/${parked}`)).text
      for (const word of [base, head, 'topic.txt', 'Commit', 'topic into main'])
        assert.ok(shown.includes(word), `${word} in ${shown}`)
      const done = await confirm(parked)
      assert.equal(done.status, 200, JSON.stringify(done.json))
      assert.equal(new URL(done.json['next']).pathname, path)
      const now = await tip('main')
      await keeper.git.ok(work, 'fetch', '-q', 'origin')
      assert.equal(await keeper.git.ok(work, 'log', '-1', '--format=%P', now), `${base} ${head}`)
      const tree = await keeper.git.ok(work, 'rev-parse', `${now}^{tree}`)
      const intent = await last('intent')
      assert.deepEqual(intent['change'].fields, [
        ['pull', path.split('/').at(-1)],
        ['style', 'merge-commit'],
        ['base-ref', 'refs/heads/main'],
        ['base', base],
        ['head-repo', repo().slice(1)],
        ['head-repo-id', String(repoId)],
        ['head-ref', 'refs/heads/topic'],
        ['head', head],
        ['result-tree', tree],
      ])
      assert.deepEqual(intent['updates'], [{ before: base, after: null, ref: 'refs/heads/main' }])
      const outcome = await last('outcome')
      assert.equal(outcome['result'], 'accepted')
      assert.deepEqual(outcome['refs'], [{ ref: 'refs/heads/main', status: 'ok', before: base, after: now }])
    })

    test('its evidence verifies offline', async () => {
      const dir = scratch('merge-evidence')
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
      assert.match(verified.stdout, /pr\.merge .*result-tree/)
    })

    test('once: a second touch, a second form and the same form twice do nothing more', async () => {
      const path = await offer('once')
      const first = await park(path)
      const twin = await park(path)
      const [one, two] = await Promise.all([confirm(first), confirm(twin)])
      assert.deepEqual(
        [one, two].filter(({ status }) => status === 200).length,
        1,
        JSON.stringify([one, two]),
      )
      const now = await tip('main')
      assert.notEqual((await confirm(first)).status, 200)
      assert.notEqual((await confirm(twin)).status, 200)
      const again = await send(path)
      assert.equal(again.status, 400)
      assert.match(again.text, /merged already/)
      assert.equal(await tip('main'), now)
    })

    test('only by the passkey of the person who asked', async () => {
      const path = await offer('mine')
      const parked = await park(path)
      const before = await tip('main')
      assert.equal((await mate.person.ask(`${gateway.portal}/c/${parked}`)).status, 404)
      const begun = await keeper.person.portal(`/c/${parked}/begin`, {})
      const credential = answerBy(mate.person.passkey, begun.json['options'])
      assert.notEqual(
        (await keeper.person.portal(`/c/${parked}/approve`, { id: begun.json['id'], credential })).status,
        200,
      )
      assert.notEqual(
        (await mate.person.portal(`/c/${parked}/approve`, { id: begun.json['id'], credential })).status,
        200,
      )
      assert.equal(await tip('main'), before)
    })

    test('not when a branch moved between form and touch', async () => {
      for (const which of ['head', 'base'] as const) {
        const path = await offer(`moves-${which}`)
        const parked = await park(path)
        const moved = which === 'head' ? `moves-${which}` : 'main'
        await push(moved, { 'later.txt': `${which}\n` })
        const before = await tip('main')
        const done = await confirm(parked)
        assert.notEqual(done.status, 200)
        assert.match(
          JSON.stringify(done.json),
          new RegExp(`refs/heads/${moved}.* has moved since this was shown`),
        )
        assert.equal(await tip('main'), before)
        const outcome = await last('outcome')
        assert.equal(outcome['result'], 'rejected')
        assert.equal(outcome['status'], null)
      }
    })

    test('not when the pull request was closed meanwhile, or is', async () => {
      const path = await offer('closed')
      const parked = await park(path)
      const issue = path.replace('/pulls/', '/issues/')
      assert.equal((await ride(keeper.person, `${issue}/comments`, { status: 'close' })).status, 302)
      const done = await confirm(parked)
      assert.match(JSON.stringify(done.json), /is closed/)
      assert.match((await send(path)).text, /is closed/)
    })

    test('a conflict is told with its file', async () => {
      await push('left', { 'README.md': 'one\nleft\nthree\n' }, 'main')
      await push('main', { 'README.md': 'one\nright\nthree\n' })
      const answer = await send(await pull('left', keeper.person, false))
      assert.equal(answer.status, 400)
      assert.match(answer.text, /conflict in README\.md/)
    })

    test('a rename on one side and a change on the other come out as signed', async () => {
      const text = Array.from({ length: 20 }, (_, line) => `line ${line}`)
      await push('main', { 'old.txt': `${text.join('\n')}\n` })
      await keeper.git.ok(work, 'fetch', '-q', 'origin')
      await keeper.git.ok(work, 'checkout', '-q', '--detach', 'origin/main')
      await keeper.git.ok(work, 'mv', 'old.txt', 'new.txt')
      await keeper.git.ok(work, 'commit', '-q', '-m', 'Rename')
      await keeper.git.ok(work, 'push', '-q', 'origin', 'HEAD:refs/heads/renames')
      await push('main', { 'old.txt': `${text.with(3, 'changed').join('\n')}\n` })
      const done = await confirm(await park(await pull('renames')))
      assert.equal(done.status, 200, JSON.stringify(done.json))
      await keeper.git.ok(work, 'fetch', '-q', 'origin')
      assert.match(await keeper.git.ok(work, 'show', 'origin/main:new.txt'), /changed/)
    })

    test('two merges of different changes, and one that changes no file', async () => {
      const [one, two] = [await offer('first'), await offer('second')]
      assert.equal((await confirm(await park(one))).status, 200)
      assert.equal((await confirm(await park(two))).status, 200)
      await keeper.git.ok(work, 'fetch', '-q', 'origin')
      await keeper.git.ok(work, 'checkout', '-q', '--detach', 'origin/main')
      await keeper.git.ok(work, 'commit', '-q', '--allow-empty', '-m', 'Nothing')
      await keeper.git.ok(work, 'push', '-q', 'origin', 'HEAD:refs/heads/nothing')
      if (forge.name !== 'stand-in') return // Gogs never finds such a pull request ready
      const done = await confirm(await park(await pull('nothing')))
      assert.equal(done.status, 200, JSON.stringify(done.json))
    })

    test('not by a rebase', async () => {
      const answer = await send(await offer('rebase'), { merge_style: 'rebase_before_merging' })
      assert.equal(answer.status, 403)
      assert.match(answer.text, /Choose a merge commit; or rebase with git/)
    })

    test('not where there is nothing to merge, nor by a number that is none', async () => {
      await push('done', { 'done.txt': 'x\n' }, 'main')
      const path = await pull('done')
      await keeper.git.ok(work, 'push', '-q', 'origin', 'HEAD:refs/heads/main')
      assert.match((await send(path)).text, /in the base branch already/)
      assert.equal((await send(`${repo()}/pulls/9999`)).status, 404)
    })

    test('not where an attributes file says how to merge', async () => {
      const path = await offer('driver', { '.gitattributes': '*.txt merge=union\n' })
      const answer = await send(path)
      assert.equal(answer.status, 403)
      assert.match(answer.text, /\.gitattributes says how files are to be merged/)
    })

    test('not while a tag stands where git would look for a branch', async () => {
      const path = await offer('tagged')
      const parked = await park(path)
      for (const tag of ['head_repo/tagged', 'main']) {
        await keeper.git.ok(work, 'push', '-q', 'origin', `HEAD:refs/tags/${tag}`)
        try {
          const before = await tip('main')
          const answer = await send(path)
          assert.equal(answer.status, 400)
          // With a tag that is called as the base branch Gogs itself does not find the pull request's commits.
          assert.match(answer.text, new RegExp(`There is a tag ${tag}|in the base branch already`))
          if (tag !== 'main') assert.match(JSON.stringify((await confirm(parked)).json), /There is a tag/)
          assert.equal(await tip('main'), before)
        } finally {
          await keeper.git.ok(work, 'push', '-q', 'origin', `:refs/tags/${tag}`)
        }
      }
    })

    test('a push and a touch at once: one after the other, and each as signed', async () => {
      for (let round = 0; round < 3; round++) {
        const path = await offer(`race-${round}`)
        const parked = await park(path)
        const target = round % 2 === 0 ? 'main' : `race-${round}`
        const [touched, pushed] = await Promise.allSettled([
          confirm(parked),
          push(target, { [`racing-${round}.txt`]: 'x\n' }),
        ])
        assert.ok(touched.status === 'fulfilled')
        if (touched.value.status !== 200)
          assert.match(JSON.stringify(touched.value.json), /moved since|under way/)
        if (pushed.status === 'rejected')
          assert.match(String(pushed.reason), /under way|fetch first|stale|failed/)
        for (const one of (await entries('outcome')).slice(-2)) assert.notEqual(one['result'], 'mismatch')
      }
    })

    test('branch protection by policy holds at every door', async () => {
      await confirm(
        parkedId(
          gateway,
          await sendForm(gateway, keeper.person, `${repo()}/settings/collaboration`, {
            collaborator: 'mate',
          }),
        ),
      )
      const mode = { uid: String(mateId), mode: '2' }
      const set = await sendForm(gateway, keeper.person, `${repo()}/settings/collaboration/access_mode`, mode)
      if (set.status === 409) await confirm(parkedId(gateway, set))
      await policy(
        `@id("main is the keeper's") forbid (principal, action, resource) when { context.push.refs.contains("refs/heads/main") && principal.name != "keeper" };\n`,
      )
      const path = await offer('protected')
      const answer = await send(path, REGULAR, mate.person)
      assert.equal(answer.status, 403, answer.text.slice(-600))
      assert.match(answer.text, /main is the keeper/)
      const clone = mate.git.path('mine')
      await mate.git.ok(mate.git.home, 'clone', '-q', mate.remote(gateway.sample), clone)
      await mate.git.commit(clone, 'Mine', (dir) => writeFileSync(join(dir, 'mate.txt'), 'x\n'))
      const pushed = await mate.git.git(clone, 'push', '-q', 'origin', 'HEAD:refs/heads/main')
      assert.match(pushed.stderr, /main is the keeper/)
      await mate.git.ok(clone, 'push', '-q', 'origin', 'HEAD:refs/heads/mates')
      assert.equal((await confirm(await park(path))).status, 200)
      await policy(null)
      const free = await confirm(
        parkedId(gateway, await send(await pull('mates', mate.person), REGULAR, mate.person)),
        mate.person,
      )
      assert.equal(free.status, 200, JSON.stringify(free.json))
    })

    test('from a fork: its branch is signed and kept, too', async () => {
      const made = await ride(mate.person, `/repo/fork/${repoId}`, {
        user_id: String(mateId),
        repo_name: 'theirs',
        description: '',
      })
      assert.equal(made.status, 302, made.text.slice(-500))
      const url = `${gateway.url}/mate/theirs.git`
      const clone = mate.git.path('fork')
      await mate.git.ok(mate.git.home, 'clone', '-q', mate.remote(url), clone)
      const advance = async (text: string): Promise<string> => {
        const id = await mate.git.commit(clone, text, (dir) =>
          writeFileSync(join(dir, 'fork.txt'), `${text}\n`),
        )
        await mate.git.ok(clone, 'push', '-q', 'origin', 'HEAD:refs/heads/gift')
        return id
      }
      const head = await advance('one')
      const path = await pull('mate:gift', mate.person)
      // The fork of a private repository is private: who may not read it is not shown what is merged.
      const refused = await send(path)
      assert.equal(refused.status, 404)
      assert.match(refused.text, /may not read the repository/)
      const people = '/mate/theirs/settings/collaboration'
      const asked = parkedId(
        gateway,
        await sendForm(gateway, mate.person, people, { collaborator: 'keeper' }),
      )
      const added = await confirm(asked, mate.person)
      assert.equal(added.status, 200, JSON.stringify(added.json))
      const stale = await park(path)
      const now = await advance('two')
      assert.notEqual(now, head)
      assert.match(
        JSON.stringify((await confirm(stale)).json),
        /refs\/heads\/gift of mate\/theirs has moved since/,
      )
      const parked = await park(path)
      const done = await confirm(parked)
      assert.equal(done.status, 200, JSON.stringify(done.json))
      const said = new Map((await last('intent'))['change'].fields as [string, string][])
      assert.equal(said.get('head-repo'), 'mate/theirs')
      assert.equal(said.get('head'), now)
      assert.notEqual(Number(said.get('head-repo-id')), repoId)
    })

    test('while one is under way nobody moves the fork it takes from', async () => {
      const fork = (await entries('intent')).find(({ repo: place }) => place?.name === 'theirs')!['repo']
      const store = await openSqlite(join(gateway.home, 'countersign.db'))
      const { actor, repo: place } = await last('intent')
      await store.db
        .insertInto('intent')
        .values({
          id: 'under-way',
          entry_index: 1_000_000,
          state: 'open',
          account_id: actor.account,
          repo_id: place.id,
          repo_owner: place.owner,
          repo_name: place.name,
          part: 'code',
          updates: JSON.stringify([
            { ref: 'refs/heads/main', before: '1'.repeat(40), after: null },
            { ref: 'refs/heads/gift', before: '2'.repeat(40), after: '2'.repeat(40), repo: fork.id },
          ]),
          created_at: Date.now(),
          exclusive: 1,
          other_repo_id: fork.id,
        })
        .execute()
      try {
        const clone = mate.git.path('fork')
        await mate.git.commit(clone, 'three', (dir) => writeFileSync(join(dir, 'fork.txt'), 'three\n'))
        const pushed = await mate.git.git(clone, 'push', 'origin', 'HEAD:refs/heads/gift')
        assert.match(pushed.stderr, /under way/)
        await mate.git.ok(clone, 'push', '-q', 'origin', 'HEAD:refs/heads/other')
      } finally {
        await store.db.deleteFrom('intent').where('id', '=', 'under-way').execute()
        await store.close()
      }
    })

    describe('when the forge does something else', () => {
      /** What the forge's git runs when it has taken a push: another commit on top. */
      async function misbehave(work: () => Promise<void>): Promise<void> {
        const hook = join(await repositoryDir(), 'hooks', 'post-receive')
        const kept = existsSync(hook) ? readFileSync(hook) : undefined
        mkdirSync(dirname(hook), { recursive: true })
        writeFileSync(
          hook,
          `#!/bin/sh
export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x@x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x@x
git update-ref refs/heads/main $(git commit-tree -p main -m other main^{tree})
`,
          { mode: 0o755 },
        )
        try {
          await work()
        } finally {
          if (kept) writeFileSync(hook, kept, { mode: 0o755 })
          else rmSync(hook)
        }
      }

      /** Where the forge keeps the repository: the one that has the branch. */
      async function repositoryDir(): Promise<string> {
        const id = await tip('main')
        const all = readdirSync(join(gateway.home, 'forge'), { recursive: true, encoding: 'utf8' })
        for (const path of all.filter((name) => name.endsWith('.git') && !/theirs/.test(name))) {
          const dir = join(gateway.home, 'forge', path)
          const found = await run(['git', '--git-dir', dir, 'rev-parse', '-q', '--verify', 'refs/heads/main'])
          if (found.stdout.trim() === id) return dir
        }
        throw new Error('the repository is nowhere')
      }

      const admin = (...args: string[]) => run([cli, 'admin', ...args, '--home', gateway.home])

      test('it is on record, the branch is frozen at every door, and reading goes on', async () => {
        const path = await offer('wronged')
        const next = await offer('after')
        const before = await tip('main')
        const waiting = await park(next)
        await misbehave(async () => {
          const done = await confirm(await park(path))
          assert.equal(done.status, 502)
          assert.match(JSON.stringify(done.json), /something else than you signed/)
        })
        const now = await tip('main')
        assert.notEqual(now, before)
        const outcome = await last('outcome')
        assert.equal(outcome['result'], 'mismatch')
        assert.deepEqual(
          [outcome['refs'][0].status, outcome['refs'][0].before, outcome['refs'][0].after],
          ['mismatch', before, now],
        )
        const frozen = await last('ref.freeze')
        assert.equal(frozen['intent'], outcome['intent'])
        assert.equal(frozen['refs'][0].ref, 'refs/heads/main')
        assert.match(gateway.log(), /ALARM/)
        // At every door; and nothing else is.
        await assert.rejects(push('main', { 'no.txt': 'x\n' }), /refs\/heads\/main of .* is frozen/)
        assert.match(JSON.stringify((await confirm(waiting)).json), /is frozen/)
        const again = await send(next)
        assert.equal(again.status, 423)
        assert.match(again.text, /is frozen: the forge changed it as nobody had signed/)
        const gone = await sendForm(gateway, keeper.person, `${repo()}/branches/delete/main`, {})
        assert.equal(gone.status, 423)
        await push('elsewhere', { 'yes.txt': 'x\n' }, 'main')
        await keeper.git.ok(work, 'fetch', '-q', 'origin', 'main')
        assert.equal(await tip('main'), now)
        // Told to administrators, and to nobody else.
        const home = async (who: Person): Promise<string> => (await who.ask(`${gateway.portal}/`)).text
        assert.match(await home(keeper.person), /changed 1 ref as nobody had signed/)
        assert.doesNotMatch(await home(mate.person), /nobody had signed/)
      })

      test('until an administrator lifts it, on record', async () => {
        const name = repo().slice(1)
        const listed = await admin('frozen')
        assert.match(listed.stdout, new RegExp(`^${name} refs/heads/main .*entry \\d+: `))
        assert.equal((await admin('unfreeze', name, 'refs/heads/other')).code, 1)
        const lifted = await admin('unfreeze', name, 'refs/heads/main')
        assert.equal(lifted.code, 0, lifted.stderr)
        assert.equal((await admin('unfreeze', name, 'refs/heads/main')).code, 1)
        const entry = await last('ref.unfreeze')
        assert.deepEqual([entry['ref'], entry['by'], entry['repo'].id], ['refs/heads/main', 'host', repoId])
        assert.equal((await admin('frozen')).stdout.trim(), '')
        await push('main', { 'again.txt': 'x\n' })
        assert.equal((await confirm(await park(await offer('afterwards')))).status, 200)
      })
    })

    test('one that nobody saw the end of is settled at the next start: by what git reads', async () => {
      const path = await offer('late')
      const old = await tip('main')
      assert.equal((await confirm(await park(path))).status, 200)
      const now = await tip('main')
      const { actor, repo: place, change } = await last('intent')
      const said = new Map(change.fields as [string, string][])
      const signed = { base: old, head: said.get('head')!, tree: said.get('result-tree')! }
      await gateway.stop()
      const store = await openSqlite(join(gateway.home, 'countersign.db'))
      const open = (at: number, base: string, merge: object) => ({
        id: `open-${at}`,
        entry_index: 2_000_000 + at,
        state: 'open' as const,
        account_id: actor.account as string,
        repo_id: place.id as number,
        repo_owner: place.owner as string,
        repo_name: place.name as string,
        part: 'code' as const,
        updates: JSON.stringify([
          { ref: 'refs/heads/main', before: base, after: null, merge },
          { ref: 'refs/heads/late', before: said.get('head'), after: said.get('head') },
        ]),
        created_at: Date.now(),
        exclusive: 1,
        other_repo_id: null,
      })
      await store.db
        .insertInto('intent')
        .values([
          open(1, old, signed),
          open(2, now, { ...signed, base: now }),
          open(3, old, { ...signed, tree: old }),
        ])
        .execute()
      await store.close()
      gateway = await startGateway({ env: forge.env, home: gateway.home })
      const settled = new Map((await entries('outcome')).map((one) => [one['intent'] - 2_000_000, one]))
      assert.equal(settled.get(1)?.['result'], 'accepted')
      assert.equal(settled.get(2)?.['result'], 'rejected')
      assert.equal(settled.get(3)?.['result'], 'mismatch')
      assert.equal((await last('ref.freeze'))['intent'], 2_000_003)
      const lifted = await run([
        cli,
        'admin',
        'unfreeze',
        repo().slice(1),
        'refs/heads/main',
        '--home',
        gateway.home,
      ])
      assert.equal(lifted.code, 0, lifted.stderr)
    })
  })
}
