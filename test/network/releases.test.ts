import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
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
  describe(`releases, in front of ${forge.name}`, () => {
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

    const releases = (): string => `${new URL(gateway.sample).pathname.replace(/\.git$/, '')}/releases`
    const last = async (type: string): Promise<Record<string, any>> =>
      (await ledgerEntries(gateway.home, type)).at(-1)!
    const send = (path: string, fields: Record<string, string>, who = keeper.person) =>
      sendForm(gateway, who, `${releases()}${path}`, fields)
    const park = async (path: string, fields: Record<string, string>): Promise<string> =>
      parkedId(gateway, await send(path, fields))
    const confirm = (id: string) => confirmChange(keeper.person, id)
    const release = (tag: string, more: Record<string, string> = {}): Record<string, string> => ({
      tag_name: tag,
      tag_target: main,
      title: `Release ${tag}`,
      content: 'What is new.\n',
      ...more,
    })
    async function publish(tag: string, more: Record<string, string> = {}): Promise<void> {
      const done = await confirm(await park('/new', release(tag, more)))
      assert.equal(done.status, 200, JSON.stringify(done.json))
    }

    async function refs(): Promise<Map<string, string>> {
      const out = await keeper.git.ok(keeper.git.home, 'ls-remote', keeper.remote(gateway.sample))
      return new Map(out.split('\n').map((line) => line.split('\t').reverse() as [string, string]))
    }
    const ref = async (name: string): Promise<string | undefined> => (await refs()).get(name)
    const tip = async (): Promise<string> => (await ref(`refs/heads/${main}`))!
    let commits = 0
    async function advance(): Promise<string> {
      await keeper.git.ok(work, 'pull', '-q', '--ff-only', 'origin', main)
      const id = await keeper.git.commit(work, `Commit ${++commits}`, (dir) =>
        writeFileSync(join(dir, `pushed-${commits}.txt`), 'x\n'),
      )
      await keeper.git.ok(work, 'push', '-q', 'origin', `HEAD:refs/heads/${main}`)
      return id
    }
    async function annotated(tag: string): Promise<string> {
      await keeper.git.ok(work, 'tag', '-a', '-m', tag, tag)
      await keeper.git.ok(work, 'push', '-q', 'origin', `refs/tags/${tag}`)
      return keeper.git.ok(work, 'rev-parse', `refs/tags/${tag}`)
    }
    const page = async (): Promise<string> => (await keeper.person.ask(`${gateway.url}${releases()}`)).text
    /** The number that the forge keeps a release under. */
    const idOf = (title: string): Promise<string> =>
      last('intent').then(async () => {
        const { text } = await keeper.person.ask(`${gateway.url}${releases()}/edit/${title}`)
        return /data-id="([0-9]+)"/.exec(text)?.[1] ?? ''
      })

    test('a tag that is not there yet is made at the commit that was signed', async () => {
      const commit = await tip()
      const parked = await park('/new', release('v1'))
      const shown = await keeper.person.ask(`${gateway.portal}/c/${parked}`)
      assert.match(shown.text, new RegExp(commit))
      const done = await confirm(parked)
      assert.equal(done.status, 200, JSON.stringify(done.json))
      assert.equal(await ref('refs/tags/v1'), commit)
      const intent = await last('intent')
      assert.deepEqual(intent['updates'], [{ before: NONE, after: commit, ref: 'refs/tags/v1' }])
      assert.deepEqual(intent['change'].fields.at(-1), ['commit', commit])
      const outcome = await last('outcome')
      assert.deepEqual(outcome['refs'], [{ ref: 'refs/tags/v1', status: 'ok', before: NONE, after: commit }])
      assert.match(await page(), /Release v1/)
    })

    test('its evidence verifies offline, with the tag in it', async () => {
      const dir = scratch('release-evidence')
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
      assert.match(verified.stdout, /release\.create/)
    })

    test('a tag that is there is bound by its object', async () => {
      const object = await annotated('v2')
      await publish('v2')
      assert.equal(await ref('refs/tags/v2'), object)
      assert.deepEqual((await last('intent'))['change'].fields.at(-1), ['tag-id', object])
      assert.deepEqual((await last('outcome'))['refs'], [
        { ref: 'refs/tags/v2', status: 'ok', before: object, after: object },
      ])
    })

    test('a branch that moved between form and touch: nothing is published', async () => {
      const parked = await park('/new', release('v3'))
      await advance()
      const done = await confirm(parked)
      assert.notEqual(done.status, 200)
      assert.match(JSON.stringify(done.json), /has changed since this was shown/)
      assert.equal(await ref('refs/tags/v3'), undefined)
      assert.doesNotMatch(await page(), /Release v3/)
    })

    test('a tag that came between form and touch: nothing is published', async () => {
      const parked = await park('/new', release('v4'))
      await annotated('v4')
      const done = await confirm(parked)
      assert.match(JSON.stringify(done.json), /has changed since this was shown/)
      assert.doesNotMatch(await page(), /Release v4/)
    })

    test('a second release of one tag, in any spelling, and one of no branch are refused', async () => {
      for (const [tag, more, said] of [
        ['v1', {}, /a release of that tag already/],
        ['V1', {}, /a release of that tag already/],
        ['v9', { tag_target: 'nowhere' }, /no such branch/],
      ] as const) {
        const answer = await send('/new', release(tag, more))
        assert.match(answer.text, said)
        assert.equal(answer.headers['refresh'], undefined)
      }
    })

    test('a draft moves nothing; publishing it makes its tag where its own branch is then', async () => {
      await publish('v5', { draft: 'Save draft' })
      assert.equal(await ref('refs/tags/v5'), undefined)
      assert.deepEqual((await last('intent'))['updates'], [])
      const commit = await advance()
      const parked = await park('/edit/v5', { title: 'Out now', content: 'x' })
      const done = await confirm(parked)
      assert.equal(done.status, 200, JSON.stringify(done.json))
      assert.equal(await ref('refs/tags/v5'), commit)
      const { fields } = (await last('intent'))['change']
      assert.deepEqual(fields.slice(-2), [
        ['target', main],
        ['commit', commit],
      ])
      assert.match(await page(), /Out now/)
    })

    test('a changed release stays at its tag', async () => {
      const object = await ref('refs/tags/v2')
      const done = await confirm(await park('/edit/v2', { title: 'Second', content: 'y' }))
      assert.equal(done.status, 200, JSON.stringify(done.json))
      assert.equal(await ref('refs/tags/v2'), object)
      assert.match(await page(), /Second/)
      const other = await send('/edit/V2', { title: 'Third', content: 'y' })
      assert.match(other.text, /another spelling of its tag/)
      assert.match((await send('/edit/v99', { title: 'None', content: '' })).text, /no such release/)
    })

    /** A file as the page's script sends it, before the form; resolves with the word for it. */
    async function upload(name: string, bytes: string, who = keeper.person): Promise<string> {
      const form = new FormData()
      form.append('_csrf', 'x')
      form.append('file', new File([bytes], name))
      const encoded = new Response(form)
      const answer = await who.ask(`${gateway.url}/releases/attachments`, {
        method: 'POST',
        body: Buffer.from(await encoded.arrayBuffer()),
        headers: {
          origin: gateway.url,
          'sec-fetch-site': 'same-origin',
          accept: 'application/json',
          'content-type': encoded.headers.get('content-type')!,
        },
      })
      assert.equal(answer.status, 200, answer.text)
      return JSON.parse(answer.text)['uuid']
    }
    const attachments = async (): Promise<string[]> =>
      [...(await page()).matchAll(/\/attachments\/([0-9a-f-]{36})/g)].map((match) => match[1]!)

    test('a file that was uploaded is signed by its content and name, and is what people get', async () => {
      const uuid = await upload('app.bin', 'what people run\n')
      await publish('v6', { files: uuid })
      const { fields } = (await last('intent'))['change'] as { fields: [string, string][] }
      const [, bound] = fields.find(([key]) => key === 'file-digest')!
      assert.match(bound, new RegExp(`^${uuid} sha256:[0-9a-f]{64} app\\.bin$`))
      const [kept] = await attachments()
      const got = await keeper.person.ask(`${gateway.url}/attachments/${kept}`)
      assert.equal(got.text, 'what people run\n')
      assert.match(String(got.headers['content-security-policy']), /sandbox/)
      assert.equal(bound.includes(createHash('sha256').update(got.text).digest('hex')), true)
      // It stays when the release is changed, and is signed by its content again.
      const done = await confirm(await park('/edit/v6', { title: 'Six', content: '', files: kept! }))
      assert.equal(done.status, 200, JSON.stringify(done.json))
      const again = (await last('intent'))['change'].fields.find(([key]: [string]) => key === 'file-digest')
      assert.equal(again[1], `${kept} sha256:${bound.split(' ')[1]!.slice(7)}`)
      assert.deepEqual(await attachments(), [kept])
    })

    test("not one that is nobody's, another's, or that has been used", async () => {
      const mallory = await enrolledPerson(
        gateway,
        await inviteLink(keeper.person, `mal${forge.name.length}`),
      )
      await mallory.openForge('/')
      const theirs = await upload('theirs.bin', 'x', mallory)
      const used = await upload('once.bin', 'y')
      await publish('v61', { files: used })
      for (const files of ['01234567-89ab-cdef-0123-456789abcdef', theirs, used]) {
        const answer = await send('/new', release('v62', { files }))
        assert.match(answer.text, /no longer kept, or is not yours/, files)
        assert.equal(answer.headers['refresh'], undefined)
      }
    })

    test('who protects tags by policy protects them here', async () => {
      const file = join(gateway.home, 'policy', 'tags.cedar')
      mkdirSync(join(gateway.home, 'policy'), { recursive: true })
      const loads = (await ledgerEntries(gateway.home, 'policy.load')).length
      writeFileSync(
        file,
        '@id("tags stay") forbid (principal, action, resource) when { context.push.tags };\n',
      )
      while ((await ledgerEntries(gateway.home, 'policy.load')).length === loads)
        await new Promise((resolve) => setTimeout(resolve, 50))
      const answer = await send('/new', release('v7'))
      assert.equal(answer.status, 403)
      assert.match(answer.text, /tags stay/)
      rmSync(file)
      while ((await ledgerEntries(gateway.home, 'policy.load')).length === loads + 1)
        await new Promise((resolve) => setTimeout(resolve, 50))
    })

    test('nobody publishes who may only read', async () => {
      const name = `reader${forge.name.length}`
      const reader = await enrolledPerson(gateway, await inviteLink(keeper.person, name))
      await reader.openForge('/')
      const people = `${releases().replace(/\/releases$/, '')}/settings/collaboration`
      const sent = await sendForm(gateway, keeper.person, people, { collaborator: name })
      assert.equal((await confirm(parkedId(gateway, sent))).status, 200)
      const uid = String((await last('account.create'))['account'].forgeId)
      const mode = await sendForm(gateway, keeper.person, `${people}/access_mode`, { uid, mode: '1' })
      assert.equal((await confirm(parkedId(gateway, mode))).status, 200)
      const answer = await send('/new', release('v8'), reader)
      assert.equal(answer.status, 403, answer.text.slice(-400))
      assert.equal(await ref('refs/tags/v8'), undefined)
    })

    test('a release that is deleted takes its tag along, and both are signed', async () => {
      const object = await ref('refs/tags/v2')
      const id = forge.name.startsWith('gogs') ? await idOf('v2') : '2'
      const parked = await park('/delete', { id })
      const done = await confirm(parked)
      assert.equal(done.status, 200, JSON.stringify(done.json))
      assert.equal(await ref('refs/tags/v2'), undefined)
      assert.deepEqual((await last('intent'))['change'].fields, [
        ['release', id],
        ['tag', 'v2'],
        ['tag-id', object],
      ])
      assert.match((await send('/delete', { id: '99' })).text, /no such release/)
    })
  })
}
