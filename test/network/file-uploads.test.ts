import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { blobId } from '../../src/core/git/blob-id.ts'
import { forges } from '../support/forges.ts'
import type { Answer, Person } from '../support/person.ts'
import { enrolledPerson, inviteLink } from '../support/pusher.ts'
import { RepoBed } from '../support/repo-bed.ts'
import { confirmChange, parkedId } from '../support/web-change.ts'

const direct = { commit_choice: 'direct', commit_summary: '', commit_message: '' }

for (const forge of forges()) {
  describe(`files uploaded in the browser, in front of ${forge.name}`, () => {
    const bed = new RepoBed(forge.env)
    let other: Person
    const otherName = `other${forge.name.length}`
    before(async () => {
      await bed.start()
      other = await enrolledPerson(bed.gateway, await inviteLink(bed.keeper.person, otherName))
      await other.openForge('/')
    })
    after(() => bed.gateway.stop())

    const staged = (): string[] => readdirSync(join(bed.gateway.home, 'spool', 'stage'))
    const origin = () => ({
      origin: bed.gateway.url,
      'sec-fetch-site': 'same-origin',
      accept: 'application/json',
    })

    /** A file as a page's script sends it. */
    async function upload(
      name: string,
      bytes: Buffer | string,
      more: { who?: Person; repo?: string; field?: string; twice?: boolean } = {},
    ): Promise<Answer> {
      const form = new FormData()
      form.append('_csrf', 'x')
      const file = new File([new Uint8Array(Buffer.from(bytes))], name)
      form.append(more.field ?? 'file', file)
      if (more.twice) form.append('file', file)
      const encoded = new Response(form)
      return (more.who ?? bed.keeper.person).ask(`${bed.gateway.url}${more.repo ?? bed.repo}/upload-file`, {
        method: 'POST',
        body: Buffer.from(await encoded.arrayBuffer()),
        headers: { ...origin(), 'content-type': encoded.headers.get('content-type')! },
      })
    }
    async function uuid(...args: Parameters<typeof upload>): Promise<string> {
      const answer = await upload(...args)
      assert.equal(answer.status, 200, answer.text)
      assert.match(String(answer.headers['content-type']), /^application\/json/)
      return JSON.parse(answer.text)['uuid']
    }
    test('no body with two boundaries, of which one parser takes the one and another the other', async () => {
      const answer = await bed.keeper.person.ask(`${bed.gateway.url}${bed.repo}/upload-file`, {
        method: 'POST',
        body: Buffer.from(
          '--a\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nx\r\n--a--\r\n',
        ),
        headers: { ...origin(), 'content-type': 'multipart/form-data; boundary=a; boundary=b' },
      })
      assert.equal(answer.status, 400, answer.text)
    })

    const remove = (file: string, who: Person = bed.keeper.person): Promise<Answer> =>
      who.ask(`${bed.gateway.url}${bed.repo}/upload-remove`, {
        method: 'POST',
        body: new URLSearchParams({ file, _csrf: 'x' }).toString(),
        headers: { ...origin(), 'content-type': 'application/x-www-form-urlencoded' },
      })
    /** The form that commits uploaded files; several have the same name. */
    async function send(
      at: string,
      path: string,
      ids: readonly string[],
      who: Person = bed.keeper.person,
    ): Promise<Answer> {
      const form = new URLSearchParams({ ...direct, tree_path: path })
      for (const id of ids) form.append('files', id)
      const url = `${bed.gateway.url}${bed.repo}/_upload/${at}`
      return who.ask(url, {
        method: 'POST',
        body: form.toString(),
        headers: {
          ...origin(),
          accept: 'text/html',
          'content-type': 'application/x-www-form-urlencoded',
          referer: url,
        },
      })
    }
    const parked = async (...args: Parameters<typeof send>): Promise<string> =>
      parkedId(bed.gateway, await send(...args))

    test('several at once: the statement lists each by path and content, and exactly these land', async () => {
      const was = await bed.advance('up/one', { 'docs/old.txt': 'old\n' })
      const image = randomBytes(300_000)
      const ids = [await uuid('größe.bin', image), await uuid('old.txt', 'new\r\n')]
      const id = await parked('up/one', 'docs', ids)
      const page = await bed.keeper.person.ask(`${bed.gateway.portal}/c/${id}`)
      assert.match(page.text, /docs\/größe\.bin/)
      assert.match(page.text, new RegExp(blobId(image)))
      const done = await bed.confirm(id)
      assert.equal(done.status, 200, JSON.stringify(done.json))
      assert.equal(done.json['next'], `${bed.gateway.url}${bed.repo}/src/up/one/docs`)
      const now = (await bed.tip('up/one'))!
      const intent = await bed.last('intent')
      const fields = intent['change'].fields as [string, string][]
      assert.equal(fields.find(([key]) => key === 'commit')?.[1], now)
      assert.deepEqual(
        fields.filter(([key]) => key === 'put').map(([, value]) => value.replace(/ sha256:[0-9a-f]{64}/, '')),
        [
          `docs/größe.bin ${blobId(image)}`,
          `docs/old.txt ${blobId(Buffer.from('new\r\n'))} instead of ${blobId(Buffer.from('old\n'))}`,
        ],
      )
      await bed.git('fetch', '-q', 'origin')
      assert.deepEqual(
        (await bed.git('-c', 'core.quotePath=false', 'diff-tree', '-r', '--name-status', was, now)).split(
          '\n',
        ),
        ['A\tdocs/größe.bin', 'M\tdocs/old.txt'],
      )
      assert.equal(await bed.git('rev-parse', `${now}:docs/größe.bin`), blobId(image))
      assert.equal(await bed.git('log', '-1', '--format=%P %B', now), `${was} Upload files to 'docs'`)
      await bed.git('fsck', '--strict', now)
      assert.deepEqual((await bed.last('outcome'))['refs'], [
        { ref: 'refs/heads/up/one', status: 'ok', before: was, after: now },
      ])
      assert.deepEqual(staged(), [])
      assert.deepEqual(readdirSync(join(bed.gateway.home, 'spool', 'push')), [])
    })

    test("nobody else's, and no other repository's, whoever knows its word", async () => {
      const was = await bed.tip('up/one')
      const people = `${bed.repo}/settings/collaboration`
      await bed.change(people, { collaborator: otherName })
      const id = await uuid('mine.txt', 'mine\n')
      const foreign = await send('up/one', '', [id], other)
      assert.equal(foreign.status, 404, foreign.text.slice(-300))
      assert.match(foreign.text, /no longer kept/)
      assert.equal((await remove(id, other)).status, 204)
      assert.equal(staged().length, 1)
      assert.equal((await send('up/one', '', ['6c2f1b0e-5e3a-4b1c-9d2e-0a1b2c3d4e5f'])).status, 404)
      assert.equal(await bed.tip('up/one'), was)
      // Removed between form and touch: nothing lands.
      const waiting = await parked('up/one', '', [id])
      assert.equal((await remove(id)).status, 204)
      const done = await bed.confirm(waiting)
      assert.equal(done.status, 502, JSON.stringify(done.json))
      assert.match(JSON.stringify(done.json), /no longer kept/)
      assert.equal((await bed.last('outcome'))['result'], 'rejected')
      assert.equal(await bed.tip('up/one'), was)
      assert.equal((await remove(id)).status, 204)
      assert.equal((await remove('../../x')).status, 204)
    })

    test('refused: who may only read, and what is no one file of a name', async () => {
      const uid = String((await bed.last('account.create'))['account'].forgeId)
      await bed.change(`${bed.repo}/settings/collaboration/access_mode`, { uid, mode: '1' })
      const reader = await upload('x.txt', 'x', { who: other })
      assert.equal(reader.status, 403, reader.text)
      assert.equal((await upload('x.txt', 'x', { repo: '/no/where' })).status, 404)
      assert.equal((await upload('x.txt', 'x', { field: 'other' })).status, 400)
      assert.equal((await upload('x.txt', 'x', { twice: true })).status, 400)
      assert.equal((await upload('../x.txt', 'x')).status, 400)
      assert.equal((await upload('a\\b', 'x')).status, 400)
      assert.equal((await upload('x', Buffer.alloc((16 << 20) + 1))).status, 413)
      const url = `${bed.gateway.url}${bed.repo}/upload-file`
      const post = (body: string, type: string, more: object = origin()) =>
        bed.keeper.person.ask(url, { method: 'POST', body, headers: { ...more, 'content-type': type } })
      for (const [body, type] of [
        ['file=x', 'application/x-www-form-urlencoded'],
        ['', 'multipart/form-data'],
        ['--b\r\n', 'multipart/form-data; boundary=b'],
        ['--b--\r\n', 'multipart/form-data; boundary=b'],
        [
          '--b\r\nContent-Disposition: form-data; name="_csrf"\r\n\r\nx\r\n'.repeat(9).concat('--b--\r\n'),
          'multipart/form-data; boundary=b',
        ],
      ] as const)
        assert.equal((await post(body, type)).status, 400, body)
      const elsewhere = { ...origin(), origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
      assert.equal((await post('--b--', 'multipart/form-data; boundary=b', elsewhere)).status, 403)
      assert.deepEqual(staged(), [])
    })

    test('refused: names and places that no file of a repository has, and what is there as it is', async () => {
      await bed.advance('up/two', { 'dir/x.txt': 'x\n', 'same.txt': 'same\n' })
      for (const [name, path, words] of [
        ['dir', '', /no links, folders/],
        ['y', 'same.txt', /no folder/],
        ['.git', '', /No repository holds/],
        ['git~1', '', /would not make/],
        ['same.txt', '', /exactly this/],
        ['x', '..', /must be/],
      ] as const) {
        const id = await uuid(name, 'same\n')
        const answer = await send('up/two', path, [id])
        assert.equal(answer.status, 400, `${name}: ${answer.text.slice(-300)}`)
        assert.match(answer.text, words, name)
        await remove(id)
      }
      const twice = [await uuid('t.txt', '1'), await uuid('t.txt', '2')]
      assert.match((await send('up/two', '', twice)).text, /the same name/)
      for (const id of twice) await remove(id)
      assert.deepEqual(staged(), [])
    })

    test('a passkey of somebody else confirms nothing', async () => {
      const id = await parked('up/two', '', [await uuid('last.txt', 'last\n')])
      assert.equal((await confirmChange(other, id)).status, 404)
      assert.equal((await bed.confirm(id)).status, 200)
      assert.equal(
        await bed.git('fetch', '-q', 'origin').then(() => bed.git('show', 'origin/up/two:last.txt')),
        'last',
      )
    })

    test('gone with the session, and bounded for each person', async () => {
      await uuid('x.txt', 'x')
      const big = Buffer.alloc(16 << 20)
      for (let i = 0; i < 3; i++) await uuid(`big-${i}`, big)
      assert.equal((await upload('big-4', big)).status, 429)
      assert.equal(staged().length, 4)
      await bed.keeper.person.ask(`${bed.gateway.portal}/sign-out`, {
        method: 'POST',
        body: '',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          origin: bed.gateway.portal,
          'sec-fetch-site': 'same-origin',
        },
      })
      for (let i = 0; i < 50 && staged().length > 0; i++)
        await new Promise((resolve) => setTimeout(resolve, 20))
      assert.deepEqual(staged(), [])
    })
  })
}
