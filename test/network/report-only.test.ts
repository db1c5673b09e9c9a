import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { forges } from '../support/forges.ts'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { Git, run } from '../support/git.ts'
import { ledgerEntries } from '../support/ledger-entries.ts'
import { type Answer, NAVIGATE, Person } from '../support/person.ts'
import { enrolledPerson, gitPassword, inviteLink, type Pusher, pusher } from '../support/pusher.ts'
import { eventually } from '../support/raw-http.ts'
import { parkedId, sendForm } from '../support/web-change.ts'

// Nothing is enforced: what policy or a missing proof would have stopped passes as the forge would let it, and is noted. Who
// asks, from where, and what is dangerous whatever policy says, is judged as ever.

const cli = join(import.meta.dirname, '..', '..', 'countersign')
const FROZEN =
  '@id("hello is not for reading")\nforbid (principal, action in Action::"read", resource == Repo::"keeper/hello");\n'

for (const forge of forges()) {
  describe(`report-only, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Pusher
    let bob: Person
    let plain: Git
    let work: string
    let main: string

    before(async () => {
      const home = scratch('report-only')
      writeFileSync(join(home, 'countersign.yaml'), 'mode: report-only\n')
      gateway = await startGateway({ env: forge.env, home })
      keeper = await pusher(gateway, 'keeper', gateway.enroll!)
      bob = await enrolledPerson(gateway, await inviteLink(keeper.person, 'bob'))
      await keeper.person.openForge('/')
      plain = new Git(join(scratch('plain'), 'home'), undefined)
      await plain.configure({})
      work = plain.path('work')
      await plain.ok(plain.home, 'clone', '-q', keeper.remote(gateway.sample), work)
      main = await plain.ok(work, 'symbolic-ref', '--short', 'HEAD')
    })
    after(() => gateway.stop())

    const repo = (): string => new URL(gateway.sample).pathname.replace(/\.git$/, '')
    const entries = (type: string): Promise<Record<string, any>[]> => ledgerEntries(gateway.home, type)
    const last = async (type: string): Promise<Record<string, any>> => (await entries(type)).at(-1)!
    const send = (path: string, fields: Record<string, string>): Promise<Answer> =>
      sendForm(gateway, keeper.person, path, fields)
    const lands = (answer: Answer): string => {
      assert.ok(
        answer.status === 303 || answer.status === 302,
        `${answer.status} ${answer.text.slice(-1200)}`,
      )
      return String(answer.headers['location'])
    }
    let commits = 0
    async function commit(): Promise<string> {
      return plain.commit(work, `Commit ${++commits}`, (dir) =>
        writeFileSync(join(dir, `f${commits}.txt`), 'x\n'),
      )
    }

    test('it is said aloud: at the start, in the log, in the ledger, on every page of the portal', async () => {
      assert.match(gateway.mode ?? '', /^Report-only: policy asks for nothing/)
      assert.match(gateway.log(), /Report-only/)
      assert.deepEqual((({ mode, reportOnly }) => ({ mode, reportOnly }))(await last('gateway.start')), {
        mode: 'report-only',
        reportOnly: [],
      })
      for (const who of [keeper.person, bob])
        for (const path of ['/', '/devices', '/ledger', '/nothing'])
          assert.match(
            (await who.ask(`${gateway.portal}${path}`)).text,
            /<aside class="mode"[^>]*><p>.*Report-only/,
            path,
          )
      const page = await keeper.person.ask(`${gateway.url}${repo()}`, { headers: NAVIGATE })
      assert.doesNotMatch(page.text, /Report-only/, 'pages of the forge are as the forge makes them')
    })

    test('a push that nobody signed lands at once, on record as what it is, and is noted', async () => {
      const id = await commit()
      await plain.ok(work, 'push', '-q', 'origin', `HEAD:refs/heads/${main}`)
      const intent = await last('intent')
      assert.deepEqual(
        [intent['action'], intent['statement'], intent['proof'].bound],
        ['git.push', null, 'session'],
      )
      assert.deepEqual(intent['policy'].allowed, [])
      assert.deepEqual([intent['would'].decision, intent['would'].reason], ['challenge', 'proof-needed'])
      assert.equal(intent['updates'][0].after, id)
      assert.equal((await last('outcome'))['result'], 'accepted')
      const would = (await entries('would')).filter(({ action }) => action === 'git.push')
      assert.equal(would.length, 1)
      assert.deepEqual(
        [would[0]!['decision'], would[0]!['place'], would[0]!['actor'].name, would[0]!['door']],
        ['challenge', 'keeper/hello', 'keeper', 'git-http'],
      )
      assert.match(would[0]!['policy'].digest, /^sha256:/)
      await commit()
      await plain.ok(work, 'push', '-q', 'origin', `HEAD:refs/heads/${main}`)
      assert.equal(
        (await entries('would')).filter(({ action }) => action === 'git.push').length,
        1,
        'once a day',
      )
    })

    test('who signs is verified as ever, and nothing is noted', async () => {
      const before = (await entries('would')).length
      const dir = keeper.git.path('signed')
      await keeper.git.ok(keeper.git.home, 'clone', '-q', keeper.remote(gateway.sample), dir)
      await keeper.git.commit(dir, 'Signed', (at) => writeFileSync(join(at, 's.txt'), 's\n'))
      await keeper.git.ok(dir, 'push', '-q', 'origin', 'HEAD:refs/heads/signed')
      const intent = await last('intent')
      assert.equal(intent['statement'].kind, 'git-push-certificate')
      assert.equal(intent['would'], undefined)
      assert.ok(intent['policy'].allowed.length > 0)
      assert.equal((await entries('would')).length, before)
    })

    test('settings, collaborators and a deleted branch, by the forms of the forge', async () => {
      lands(await send(`${repo()}/settings/collaboration`, { collaborator: 'bob' }))
      const added = await last('intent')
      assert.deepEqual([added['action'], added['would'].decision], ['repo.collaborator.add', 'challenge'])
      assert.equal((await last('outcome'))['result'], 'accepted')
      await bob.openForge('/')
      assert.equal((await bob.ask(`${gateway.url}${repo()}`, { headers: NAVIGATE })).status, 200)
      await plain.ok(work, 'push', '-q', 'origin', 'HEAD:refs/heads/old')
      lands(await send(`${repo()}/branches/delete/old`, {}))
      assert.equal((await last('outcome'))['refs'][0].status, 'ok')
    })

    test('a file and a wiki page from the editors, and a merge', async () => {
      await plain.ok(work, 'pull', '-q', 'origin', main)
      lands(
        await send(`${repo()}/_new/${main}`, {
          tree_path: 'from-a-page.txt',
          content: 'typed in a browser\n',
          commit_choice: 'direct',
          last_commit: await plain.ok(work, 'rev-parse', 'HEAD'),
        }),
      )
      const edit = await last('intent')
      assert.equal(edit['action'], 'file.create')
      assert.deepEqual([edit['would'].decision, edit['updates'][0].ref], ['challenge', `refs/heads/${main}`])
      assert.equal((await last('outcome'))['result'], 'accepted')
      await plain.ok(work, 'pull', '-q', 'origin', main)
      assert.equal(await plain.ok(work, 'show', 'HEAD:from-a-page.txt'), 'typed in a browser')

      lands(await send(`${repo()}/wiki/_new`, { title: 'Home', content: 'Hello.' }))
      assert.match(
        (await keeper.person.ask(`${gateway.url}${repo()}/wiki`, { headers: NAVIGATE })).text,
        /Hello\./,
      )

      await plain.ok(work, 'checkout', '-q', '-b', 'topic')
      const topic = await commit()
      await plain.ok(work, 'push', '-q', 'origin', 'topic')
      const compare = `${repo()}/compare/${main}...topic`
      const form = await keeper.person.ask(`${gateway.url}${compare}`, { headers: NAVIGATE })
      const csrf = /name="_csrf" (?:value|content)="([^"]*)"/.exec(form.text)?.[1] ?? ''
      const pull = lands(await send(compare, { _csrf: csrf, title: 'Topic', content: '' })).replace(
        gateway.url,
        '',
      )
      assert.match(pull, /\/pulls\/1$/)
      const merge = `${pull}/merge`
      await eventually(
        async () =>
          (await keeper.person.ask(`${gateway.url}${pull}`, { headers: NAVIGATE })).text.includes(merge),
        'it can be merged',
      )
      lands(await send(merge, { merge_style: 'create_merge_commit', commit_description: '' }))
      assert.equal((await last('intent'))['action'], 'pr.merge')
      await plain.ok(work, 'fetch', '-q', 'origin')
      assert.match(await plain.ok(work, 'log', '--format=%H', `origin/${main}`), new RegExp(topic))
    })

    test('what a policy forbids passes, and the note names the policy', async () => {
      const page = (): Promise<Answer> => keeper.person.ask(`${gateway.url}${repo()}`, { headers: NAVIGATE })
      const loads = (await entries('policy.load')).length
      mkdirSync(join(gateway.home, 'policy'), { recursive: true })
      writeFileSync(join(gateway.home, 'policy', 'x.cedar'), FROZEN)
      await eventually(async () => (await entries('policy.load')).length > loads, 'it is in force')
      for (let i = 0; i < 5; i++) assert.equal((await page()).status, 200)
      await plain.ok(work, 'fetch', '-q', 'origin')
      const reads = (await entries('would')).filter(({ action }) => action === 'page.read')
      assert.equal(reads.length, 1)
      assert.deepEqual(
        [reads[0]!['decision'], reads[0]!['policy'].named],
        ['deny', ['hello is not for reading']],
      )
      assert.equal((await entries('would')).filter(({ action }) => action === 'git.fetch').length, 1)
    })

    test('administrators see it, with counts and names; nobody else does', async () => {
      const { text } = await keeper.person.ask(`${gateway.portal}/report`)
      for (const verb of [
        'git.push',
        'repo.collaborator.add',
        'file.create',
        'wiki.create',
        'pr.merge',
        'page.read',
      ])
        assert.ok(text.includes(`<code>${verb}</code>`), verb)
      const pushes = /<code>git\.push<\/code>[\s\S]*?class="figure">(\d+)/.exec(text)
      assert.equal(Number(pushes?.[1]), 4)
      assert.match(text, /By policy: <bdi>hello is not for reading<\/bdi>/)
      assert.equal((await bob.ask(`${gateway.portal}/report`)).status, 404)
      const printed = await run([cli, 'admin', 'report', '--home', gateway.home])
      assert.equal(printed.code, 0, printed.stderr)
      assert.match(printed.stdout, /^Report-only: /)
      assert.match(printed.stdout, /^ +4 {2}ask for touch +git\.push +keeper\/hello +keeper/m)
    })

    describe('is never relaxed:', () => {
      test('who asks, and from which page', async () => {
        const stranger = new Person(gateway)
        assert.equal((await stranger.ask(`${gateway.url}${repo()}`, { headers: NAVIGATE })).status, 303)
        assert.equal(
          (await sendForm(gateway, stranger, `${repo()}/settings/collaboration`, { collaborator: 'bob' }))
            .status,
          401,
        )
        const elsewhere = await keeper.person.ask(`${gateway.url}${repo()}/settings/collaboration`, {
          method: 'POST',
          body: 'collaborator=bob',
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            origin: 'https://evil.example',
            'sec-fetch-site': 'cross-site',
          },
        })
        assert.equal(elsewhere.status, 403)
        const wrong = await plain.git(
          work,
          'push',
          gateway.sample.replace('//', '//keeper:wrong@'),
          'HEAD:refs/heads/x',
        )
        assert.notEqual(wrong.code, 0)
      })

      test('what the forge itself does not let a person do', async () => {
        assert.equal((await bob.ask(`${gateway.url}/keeper/missing`, { headers: NAVIGATE })).status, 404)
        const { forgeId } = (await last('account.create'))['account']
        await send(`${repo()}/settings/collaboration/access_mode`, { uid: String(forgeId), mode: '1' })
        assert.equal((await last('intent'))['action'], 'repo.collaborator.update')
        const remote = gateway.sample.replace('//', `//bob:${await gitPassword(bob)}@`)
        const push = await plain.git(work, 'push', remote, 'HEAD:refs/heads/bobs')
        assert.notEqual(push.code, 0)
        assert.doesNotMatch(await plain.ok(work, 'ls-remote', 'origin'), /bobs/)
      })

      test('programs on the server, credentials, what has no name, what no parser takes', async () => {
        const refused: readonly [string, Record<string, string>, number][] = [
          [`${repo()}/settings/hooks/git/pre-receive`, { content: '#!/bin/sh' }, 403],
          [`${repo()}/settings/keys`, { title: 'x', content: 'ssh-ed25519 AAAA' }, 403],
          ['/user/settings/ssh', { title: 'x', content: 'ssh-ed25519 AAAA' }, 403],
          ['/user/settings/applications', { name: 'x' }, 403],
          ['/user/settings/password', { old_password: 'a', password: 'b', retype: 'b' }, 403],
          ['/install', { db_type: 'SQLite3' }, 403],
          [
            `${repo()}/settings`,
            { action: 'mirror', interval: '8', mirror_address: 'http://127.0.0.1/' },
            403,
          ],
          ['/no/such/address', {}, 404],
          [`${repo()}/settings/collaboration`, { collaborator: 'bob', extra: 'x' }, 400],
        ]
        for (const [path, fields, status] of refused)
          assert.equal((await send(path, fields)).status, status, path)
        const spelled = await keeper.person.ask(`${gateway.url}${repo()}%2fsettings`, { headers: NAVIGATE })
        assert.ok(spelled.status >= 400)
        const ref = await plain.git(work, 'push', 'origin', 'HEAD:refs/weird/x')
        assert.notEqual(ref.code, 0)
      })

      test('a device or account that has ended', async () => {
        await run([cli, 'admin', 'disable', 'bob', '--home', gateway.home])
        await eventually(
          async () => (await bob.ask(`${gateway.url}${repo()}`, { headers: NAVIGATE })).status === 303,
          'bob is out',
        )
      })
    })
  })

  test(`in one repository alone, and enforced again after a restart without it, ${forge.name}`, async () => {
    const home = scratch('report-one')
    let gateway = await startGateway({ env: forge.env, home })
    await gateway.stop()
    writeFileSync(join(home, 'countersign.yaml'), 'reportOnly: [Keeper/Hello]\n')
    gateway = await startGateway({ env: forge.env, home })
    try {
      assert.match(gateway.mode ?? '', /^Report-only in Keeper\/Hello:/)
      const person = await enrolledPerson(gateway, gateway.enroll!)
      await person.openForge('/')
      const start = (await ledgerEntries(home, 'gateway.start')).at(-1)!
      assert.equal(start['mode'], 'enforce')
      assert.equal(start['reportOnly'].length, 1)
      const git = new Git(join(scratch('one'), 'home'), undefined)
      await git.configure({})
      const remote = gateway.sample.replace('//', `//keeper:${await gitPassword(person)}@`)
      const dir = git.path('work')
      await git.ok(git.home, 'clone', '-q', remote, dir)
      await git.commit(dir, 'One', (at) => writeFileSync(join(at, 'a'), 'a'))
      await git.ok(dir, 'push', '-q', 'origin', 'HEAD')
      const inside = await sendForm(gateway, person, '/keeper/hello/settings/branches/default_branch', {
        branch: 'none',
      })
      assert.notEqual(inside.status, 409)
      // What lies outside of it takes a touch.
      parkedId(gateway, await sendForm(gateway, person, '/org/create', { org_name: 'acme' }))
      parkedId(gateway, await sendForm(gateway, person, '/user/settings/email', { email: 'k@example.com' }))
    } finally {
      await gateway.stop()
    }
    writeFileSync(join(home, 'countersign.yaml'), 'mode: enforce\n')
    gateway = await startGateway({ env: forge.env, home })
    try {
      assert.equal(gateway.mode, undefined)
      const person = new Person(gateway)
      assert.equal((await person.ask(`${gateway.portal}/`)).status, 303)
    } finally {
      await gateway.stop()
    }
  })
}

test('a repository that is not there stops the start', async () => {
  const home = scratch('report-none')
  writeFileSync(join(home, 'countersign.yaml'), 'reportOnly: [acme/none]\n')
  await assert.rejects(
    startGateway({ env: { COUNTERSIGN_FORGE: 'stand-in' }, home }),
    /no repository "acme\/none"/,
  )
})
