import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { forges } from '../support/forges.ts'
import { enrolledPerson, inviteLink } from '../support/pusher.ts'
import { NONE, RepoBed } from '../support/repo-bed.ts'

for (const forge of forges()) {
  describe(`pages of the wiki changed in the browser, in front of ${forge.name}`, () => {
    const bed = new RepoBed(forge.env)
    before(() => bed.start())
    after(() => bed.gateway.stop())

    const at = (path: string): string => `${bed.repo}/wiki/${path}`
    let wiki: string
    const git = (...args: readonly string[]): Promise<string> => bed.keeper.git.ok(wiki, ...args)

    /** What landed is the signed commit, and does exactly `changes`. */
    async function landed(was: string, changes: readonly string[]): Promise<string> {
      const intent = await bed.last('intent')
      const fields = Object.fromEntries(intent['change'].fields) as Record<string, string>
      const now = (await bed.tip('master', 'wiki'))!
      assert.equal(fields['commit'], now)
      assert.equal(fields['tip'], was)
      assert.equal(intent['repo'].part, 'wiki')
      const ref = 'refs/heads/master'
      assert.deepEqual(intent['updates'], [{ before: was, after: now, ref }])
      assert.deepEqual((await bed.last('outcome'))['refs'], [{ ref, status: 'ok', before: was, after: now }])
      wiki = bed.keeper.git.path(`wiki-${now}`)
      await bed.git0('clone', '-q', '-b', 'master', bed.remote('wiki'), wiki)
      await git('fsck', '--strict')
      const seen = await git(
        '-c',
        'core.quotePath=false',
        'show',
        '--no-renames',
        '--format=',
        '--name-status',
      )
      assert.deepEqual(seen.split('\n'), changes)
      assert.equal(await git('log', '-1', '--format=%P'), was === NONE ? '' : was)
      return now
    }
    const page = async (path: string) =>
      bed.keeper.person.ask(`${bed.gateway.url}${path}`, { headers: { accept: 'text/html' } })

    test('before there is any: parked without a trace at the forge; policy speaks of the wiki', async () => {
      await bed.park(at('_new'), { title: 'Home', content: 'x', message: '' })
      assert.equal((await bed.keeper.git.git(bed.work, 'ls-remote', bed.remote('wiki'))).code === 0, false)
      await bed.policy(
        '@id("no wiki") forbid (principal, action, resource) when { context.part == "wiki" && context.push.refs.contains("refs/heads/master") };\n',
      )
      const answer = await bed.send(at('_new'), { title: 'Home', content: 'x', message: '' })
      assert.equal(answer.status, 403)
      assert.match(answer.text, /no wiki/)
      await bed.policy(null)
    })

    test('the first page of all: the repository is made, and the signed commit is its first', async () => {
      const next = await bed.change(at('_new'), { title: 'Home', content: '# Hello\r\n', message: '' })
      assert.equal(next, at('Home'))
      await landed(NONE, ['A\tHome.md'])
      assert.equal(await git('log', '-1', '--format=%B'), "Update page 'Home'")
      const shown = await page(next)
      assert.equal(shown.status, 200)
      assert.match(shown.text, /Hello/)
      assert.equal((await page(`${bed.repo}/wiki`)).status, 200)
    })

    test('another page, by a title of several words; edited, renamed, deleted', async () => {
      let was = (await bed.tip('master', 'wiki'))!
      const named = { title: 'Größe & more/less', content: 'one\n', message: 'Say it' }
      const next = await bed.change(at('_new'), named)
      assert.equal(next, at('Gr%C3%B6%C3%9Fe+%26+more+less'))
      was = await landed(was, ['A\tGröße & more less.md'])
      assert.equal(await git('log', '-1', '--format=%an %B'), 'keeper Say it')
      assert.match((await page(next)).text, /one/)
      await bed.change(`${next}/_edit`, { ...named, old_title: 'Größe & more less', content: 'two\n' })
      was = await landed(was, ['M\tGröße & more less.md'])
      const moved = await bed.change(`${next}/_edit`, {
        ...named,
        old_title: 'Größe & more less',
        title: 'Size',
        content: 'three\n',
      })
      assert.equal(moved, at('Size'))
      was = await landed(was, ['D\tGröße & more less.md', 'A\tSize.md'])
      assert.match((await page(moved)).text, /three/)
      assert.equal(await bed.change(`${moved}/delete`, {}), at(''))
      await landed(was, ['D\tSize.md'])
      assert.equal(await git('log', '-1', '--format=%B'), "Delete page 'Size'")
    })

    test('refused: what is there already, what is not, and titles that could be two things', async () => {
      const text = { content: 'x', message: '' }
      for (const [path, fields, status] of [
        ['_new', { ...text, title: 'Home' }, 400],
        ['Nowhere/_edit', { ...text, title: 'Nowhere' }, 404],
        ['Nowhere/delete', {}, 404],
        ['Home/_edit', { ...text, title: 'Home', old_title: 'Other' }, 400],
        ['Home/_edit', { ...text, title: 'Home', content: '# Hello\r\n' }, 400],
        ['_new', { ...text, title: '100%' }, 400],
        ['_new', { ...text, title: '%2e%2e/x' }, 400],
        ['_new', { ...text, title: 'a%5Cb' }, 400],
        ['_new', { ...text, title: '%00' }, 400],
        ['_new', { ...text, title: '..' }, 400],
      ] as const) {
        const answer = await bed.send(at(path), fields)
        assert.equal(answer.status, status, `${path} ${JSON.stringify(fields)} ${answer.text.slice(-300)}`)
      }
    })

    test('not when the wiki moved between form and touch', async () => {
      const parked = await bed.park(at('Home/_edit'), { title: 'Home', content: 'mine\n', message: '' })
      await bed.change(at('_new'), { title: 'Between', content: 'x\n', message: '' })
      const was = await bed.tip('master', 'wiki')
      const done = await bed.confirm(parked)
      assert.match(JSON.stringify(done.json), /moved since this was shown/)
      assert.equal(await bed.tip('master', 'wiki'), was)
    })

    test('not by somebody who may only read', async () => {
      const name = `reader${forge.name.length}`
      const reader = await enrolledPerson(bed.gateway, await inviteLink(bed.keeper.person, name))
      await reader.openForge('/')
      const people = `${bed.repo}/settings/collaboration`
      await bed.change(people, { collaborator: name })
      const uid = String((await bed.last('account.create'))['account'].forgeId)
      await bed.change(`${people}/access_mode`, { uid, mode: '1' })
      const answer = await bed.send(at('_new'), { title: 'Mine', content: 'x', message: '' }, reader)
      assert.equal(answer.status, 404, answer.text.slice(-300))
      assert.match(answer.text, /no wiki that you may change/)
    })
  })
}
