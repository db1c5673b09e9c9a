import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'
import { forges } from '../support/forges.ts'
import { scratch } from '../support/gateway.ts'
import { run } from '../support/git.ts'
import { enrolledPerson, inviteLink } from '../support/pusher.ts'
import { NONE, RepoBed } from '../support/repo-bed.ts'
import { confirmChange, parkedId } from '../support/web-change.ts'

const cli = join(import.meta.dirname, '..', '..', 'countersign')
const direct = { commit_choice: 'direct', commit_summary: '', commit_message: '' }
const aside = (name: string) => ({ ...direct, commit_choice: 'commit-to-new-branch', new_branch_name: name })

for (const forge of forges()) {
  describe(`files changed in the browser, in front of ${forge.name}`, () => {
    const bed = new RepoBed(forge.env)
    before(() => bed.start())
    after(() => bed.gateway.stop())

    const place = (way: string, branch: string, path = ''): string =>
      `${bed.repo}/_${way}/${branch}${path === '' ? '' : `/${path}`}`
    const fieldsOf = (intent: Record<string, any>): Record<string, string> =>
      Object.fromEntries(intent['change'].fields)
    const content = async (branch: string, path: string): Promise<string> => {
      await bed.git('fetch', '-q', 'origin')
      return (await bed.keeper.git.git(bed.work, 'show', `refs/remotes/origin/${branch}:${path}`)).stdout
    }

    /** What landed is the commit that was signed, and does exactly `changes`, as stock git has it. */
    async function landed(branch: string, was: string, changes: readonly string[]): Promise<string> {
      const intent = await bed.last('intent')
      const fields = fieldsOf(intent)
      const now = (await bed.tip(branch))!
      assert.equal(fields['commit'], now)
      assert.equal(fields['tip'], was)
      await bed.git('fetch', '-q', 'origin')
      assert.equal(await bed.git('log', '-1', '--format=%P', now), was)
      assert.deepEqual(
        (await bed.git('diff-tree', '-r', '--no-renames', '--name-status', was, now)).split('\n'),
        changes,
      )
      await bed.git('fsck', '--strict', now)
      const before = fields['commit-choice'] === 'new-branch' ? NONE : was
      const ref = `refs/heads/${branch}`
      assert.deepEqual(intent['updates'], [{ before, after: now, ref }])
      const outcome = await bed.last('outcome')
      assert.equal(outcome['result'], 'accepted')
      assert.equal(outcome['status'], 200)
      assert.deepEqual(outcome['refs'], [{ ref, status: 'ok', before, after: now }])
      return now
    }

    test('made: the signed commit and no other is there, on a branch with a slash', async () => {
      const was = await bed.advance('topic/one')
      const next = await bed.change(place('new', 'topic/one'), {
        ...direct,
        tree_path: 'docs/new file.txt',
        content: 'one\r\ntwo\r\n',
        commit_message: ' Because.\r\n\r\n\r\nSo.  \r\n',
        last_commit: was,
      })
      assert.equal(next, `${bed.repo}/src/topic/one/docs/new%20file.txt`)
      const now = await landed('topic/one', was, ['A\tdocs/new file.txt'])
      assert.equal(await content('topic/one', 'docs/new file.txt'), 'one\ntwo\n')
      const said = await bed.git('log', '-1', '--format=%an <%ae>%n%cn <%ce>%n%B', now)
      const { email } = (await bed.last('account.create'))['account'] ?? {}
      assert.equal(said.split('\n').slice(2).join('\n'), "Add 'docs/new file.txt'\n\nBecause.\n\nSo.")
      assert.equal(said.split('\n')[0], said.split('\n')[1])
      assert.match(said, email === undefined ? /^keeper <\S+@\S+>/ : new RegExp(`^keeper <${email}>`))
      const page = await bed.keeper.person.ask(`${bed.gateway.url}${next}`, {
        headers: { accept: 'text/html' },
      })
      assert.equal(page.status, 200)
    })

    test('its evidence is found by the commit that it made, and verifies', async () => {
      const dir = scratch('edit-evidence')
      const file = (name: string): string => join(dir, name)
      const home = ['--home', bed.gateway.home]
      writeFileSync(file('trust.json'), (await run([cli, 'ledger', 'trust', ...home])).stdout)
      const commit = (await bed.tip('topic/one'))!
      const made = await run([cli, 'evidence', 'export', commit, ...home, '-o', file('bundle.json')])
      assert.equal(made.code, 0, made.stderr)
      const verified = await run([cli, 'verify', file('bundle.json'), '--trust', file('trust.json')])
      assert.equal(verified.code, 0, verified.stdout + verified.stderr)
      assert.match(verified.stdout, new RegExp(`file\\.create.*commit ${commit}`))
    })

    test('edited, moved and deleted; and to a new branch', async () => {
      const path = 'docs/new file.txt'
      const edit = { ...direct, tree_path: path, content: 'größer\n', commit_summary: ' Grow ' }
      let was = (await bed.tip('topic/one'))!
      await bed.change(place('edit', 'topic/one', 'docs/new%20file.txt'), { ...edit, last_commit: was })
      const grown = await landed('topic/one', was, [`M\t${path}`])
      assert.equal(await content('topic/one', path), 'größer\n')
      assert.equal(await bed.git('log', '-1', '--format=%B', grown), 'Grow')
      was = grown
      await bed.change(place('edit', 'topic/one', 'docs/new%20file.txt'), {
        ...direct,
        tree_path: 'docs/moved.txt',
        content: 'größer\nstill\n',
        last_commit: was,
      })
      was = await landed('topic/one', was, ['A\tdocs/moved.txt', `D\t${path}`])
      const next = await bed.change(place('delete', 'topic/one', 'docs/moved.txt'), aside('topic-two'))
      assert.match(next, /\/compare\/topic\/one\.\.\.keeper:topic-two$|\/src\/topic-two$/)
      if (forge.name !== 'stand-in') assert.match(next, /\/compare\//)
      await landed('topic-two', was, ['D\tdocs/moved.txt'])
      assert.equal(await bed.tip('topic/one'), was)
      const last = (await bed.tip('topic/one'))!
      assert.equal(
        await bed.change(place('delete', 'topic/one', 'docs/moved.txt'), direct),
        `${bed.repo}/src/topic/one`,
      )
      await landed('topic/one', last, ['D\tdocs/moved.txt'])
    })

    test('a program stays one, and attributes of the tree have no say', async () => {
      await bed.advance('topic/odd', { '.gitattributes': '*.id ident filter=x\n', 'a.id': '#!/bin/sh\n' })
      await bed.git('update-index', '--chmod=+x', 'a.id')
      await bed.git('commit', '-q', '-m', 'Executable')
      await bed.git('push', '-q', 'origin', 'HEAD:refs/heads/topic/odd')
      const was = (await bed.tip('topic/odd'))!
      const text = '$Id: something$\n'
      await bed.change(place('edit', 'topic/odd', 'a.id'), { ...direct, tree_path: 'a.id', content: text })
      const now = await landed('topic/odd', was, ['M\ta.id'])
      assert.match(await bed.git('ls-tree', now, 'a.id'), /^100755 /)
      assert.equal(await bed.git('cat-file', 'blob', `${now}:a.id`), text.trim())
    })

    describe('what others left where the forge makes its commits is in none of them', () => {
      test('a tag that is called as a branch of a remote', async () => {
        const was = await bed.advance('plain')
        await bed.advance('evil', { 'evil.txt': 'evil\n' })
        await bed.git('tag', 'origin/plain', 'HEAD')
        await bed.git('push', '-q', 'origin', 'refs/tags/origin/plain')
        await bed.change(place('new', 'plain'), { ...direct, tree_path: 'good.txt', content: 'good\n' })
        await landed('plain', was, ['A\tgood.txt'])
      })

      test('files that another branch ignores, left in the folder that the forge works in', async () => {
        const was = (await bed.tip('plain'))!
        const { repo } = await bed.last('intent')
        const folder = join(bed.gateway.home, 'forge', 'data', 'tmp', 'local-repo', String(repo.id))
        mkdirSync(join(folder, '..'), { recursive: true })
        if (!existsSync(folder)) cpSync(bed.work, folder, { recursive: true })
        writeFileSync(join(folder, '.git', 'info', 'exclude'), 'left.txt\n')
        writeFileSync(join(folder, 'left.txt'), 'left\n')
        await bed.change(place('edit', 'plain', 'good.txt'), {
          ...direct,
          tree_path: 'good.txt',
          content: 'better\n',
        })
        await landed('plain', was, ['M\tgood.txt'])
      })

      test('the content of a preview', async () => {
        const was = (await bed.tip('plain'))!
        await bed.send(place('preview', 'plain', 'good.txt'), { content: 'seen only\n' })
        await bed.change(place('new', 'plain'), { ...direct, tree_path: 'more.txt', content: 'more\n' })
        await landed('plain', was, ['A\tmore.txt'])
        assert.equal(await content('plain', 'good.txt'), 'better\n')
      })
    })

    test('refused: no such branch or file, what is taken, links, tags in the way, traps, and what changes nothing', async () => {
      await bed.advance('topic/one', { 'taken.txt': 'x\n', 'dir/x.txt': 'x\n' })
      await bed.git('tag', 'topic2')
      await bed.git('push', '-q', 'origin', 'refs/tags/topic2')
      await bed.advance('topic2/x')
      await run(['ln', '-s', 'dir', 'link'], { cwd: bed.work })
      await bed.advance('links')
      const intents = (await bed.entries('intent')).length
      const text = { ...direct, content: 'x\n' }
      for (const [path, fields, status, words] of [
        [place('new', 'nowhere'), { ...text, tree_path: 'a' }, 404, /no such branch/],
        [place('edit', 'topic/one', 'no.txt'), { ...text, tree_path: 'no.txt' }, 404, /no such/],
        [place('edit', 'topic/one'), { ...text, tree_path: 'no.txt' }, 404, /no such/],
        [place('new', 'topic/one'), { ...text, tree_path: 'taken.txt' }, 400, /already/],
        [place('new', 'topic/one'), { ...text, tree_path: 'dir' }, 400, /already/],
        [place('new', 'topic/one'), { ...text, tree_path: 'taken.txt/y' }, 400, /no folder/],
        [place('new', 'links'), { ...text, tree_path: 'link/y' }, 400, /no folder/],
        [place('edit', 'links', 'link'), { ...text, tree_path: 'link' }, 400, /no links/],
        [
          place('new', 'topic/one'),
          { ...text, ...aside('topic-two'), tree_path: 'b' },
          400,
          /a branch of that/,
        ],
        [place('new', 'topic2/x'), { ...text, tree_path: 'a' }, 400, /told apart/],
        [place('delete', 'topic/one', 'dir'), direct, 400, /no links, folders/],
        [place('edit', 'topic/one', 'taken.txt'), { ...text, tree_path: 'taken.txt' }, 400, /exactly this/],
        [place('new', 'topic/one'), { ...text, tree_path: '.git/config' }, 400, /must be/],
        [place('new', 'topic/one'), { ...text, tree_path: 'a/../b' }, 400, /must be/],
        [place('new', 'topic/one'), { ...text, tree_path: 'x.git/config' }, 400, /No repository holds/],
        [place('new', 'topic/one'), { ...text, tree_path: 'git~1' }, 400, /would not make/],
        [place('new', 'topic/one'), { ...text, tree_path: '.g\u200cit/x' }, 400, /would not make/],
      ] as const) {
        const answer = await bed.send(path, fields)
        assert.equal(answer.status, status, `${path} ${JSON.stringify(fields)}: ${answer.text.slice(-300)}`)
        assert.match(answer.text, words, path)
        assert.equal(answer.headers['refresh'], undefined)
      }
      assert.equal((await bed.entries('intent')).length, intents)
      assert.doesNotMatch((await bed.keeper.person.ask(`${bed.gateway.portal}/pending`)).text, /href="\/c\//)
    })

    test('not when the branch moved between form and touch; and each touch is good once', async () => {
      const old = await bed.advance('topic/three', { 'file.txt': '1\n' })
      const path = place('edit', 'topic/three', 'file.txt')
      const fields = { ...direct, tree_path: 'file.txt', content: '2\n', last_commit: old }
      const parked = await bed.park(path, fields)
      const now = await bed.advance('topic/three')
      const done = await bed.confirm(parked)
      assert.match(JSON.stringify(done.json), /moved since this was shown/)
      assert.equal(await bed.tip('topic/three'), now)
      const outcome = await bed.last('outcome')
      assert.equal(outcome['result'], 'rejected')
      assert.equal(outcome['status'], null)
      // The file is still the one that the page showed, so the form may be sent again.
      const again = await bed.park(path, fields)
      assert.equal((await bed.confirm(again)).status, 200)
      await landed('topic/three', now, ['M\tfile.txt'])
      assert.notEqual((await bed.confirm(again)).status, 200)
      const stale = await bed.send(path, { ...fields, content: '3\n' })
      assert.equal(stale.status, 400)
      assert.match(stale.text, /changed since the page was made/)
    })

    test('sent twice and touched twice: one lands, the other is void', async () => {
      const old = await bed.advance('topic/twice')
      const fields = { ...direct, tree_path: 'twice.txt', content: '2\n', last_commit: old }
      const ids = [await bed.park(place('new', 'topic/twice'), fields)]
      ids.push(await bed.park(place('new', 'topic/twice'), fields))
      const done = await Promise.all(ids.map((id) => bed.confirm(id)))
      assert.equal(done.filter(({ status }) => status === 200).length, 1, JSON.stringify(done))
      assert.equal(await bed.git0('ls-remote', bed.remote()).then((all) => all.includes(old)), false)
    })

    test("not by another account's device, and not by somebody who may only read", async () => {
      const was = (await bed.tip('topic/one'))!
      const name = `other${forge.name.length}`
      const other = await enrolledPerson(bed.gateway, await inviteLink(bed.keeper.person, name))
      await other.openForge('/')
      const fields = { ...direct, tree_path: 'other.txt', content: 'x\n' }
      const parked = await bed.park(place('new', 'topic/one'), fields)
      // To others it is not there at all.
      assert.equal((await confirmChange(other, parked)).status, 404)
      const people = `${bed.repo}/settings/collaboration`
      await bed.change(people, { collaborator: name })
      const uid = String((await bed.last('account.create'))['account'].forgeId)
      await bed.change(`${people}/access_mode`, { uid, mode: '1' })
      const answer = await bed.send(place('new', 'topic/one'), fields, other)
      assert.equal(answer.status, 403, answer.text.slice(-300))
      assert.match(answer.text, /but not move its branches/)
      // Somebody who may write makes a change of their own, under their own name.
      await bed.change(`${people}/access_mode`, { uid, mode: '2' })
      const own = await confirmChange(
        other,
        parkedId(bed.gateway, await bed.send(place('new', 'topic/one'), fields, other)),
      )
      assert.equal(own.status, 200, JSON.stringify(own.json))
      const now = await landed('topic/one', was, ['A\tother.txt'])
      assert.match(await bed.git('log', '-1', '--format=%an', now), new RegExp(`^${name}$`))
    })

    test('a push and a touch at once: the signed one on the signed tip, or none of it', async () => {
      for (let round = 0; round < 3; round++) {
        const old = await bed.advance('topic/race')
        const name = `edit-${round}.txt`
        const parked = await bed.park(place('new', 'topic/race'), {
          ...direct,
          tree_path: name,
          content: 'x\n',
        })
        const [touched] = await Promise.allSettled([bed.confirm(parked), bed.advance('topic/race')])
        await bed.git('fetch', '-q', 'origin')
        if (touched.status === 'fulfilled' && touched.value.status === 200) {
          const made = (await bed.entries('outcome')).findLast(({ refs: all }) => all[0]?.before === old)!
          assert.equal(await bed.git('rev-parse', `${made['refs'][0].after}^`), old)
        } else assert.equal(await content('topic/race', name), '')
      }
    })

    test('not against a policy that protects the branch, as for a push', async () => {
      await bed.policy(
        '@id("main by pushes") forbid (principal, action == Action::"file.create", resource) when { context.push.refs.contains("refs/heads/topic/one") };\n',
      )
      const fields = { ...direct, tree_path: 'p.txt', content: 'x' }
      const answer = await bed.send(place('new', 'topic/one'), fields)
      assert.equal(answer.status, 403)
      assert.match(answer.text, /main by pushes/)
      // To a new branch it is another ref that moves.
      await bed.park(place('new', 'topic/one'), { ...fields, ...aside('topic-free') })
      await bed.policy(null)
    })

    if (forge.name !== 'stand-in')
      test('not against a rule of the forge for the branch, in its own words', async () => {
        const was = await bed.advance('guarded')
        await bed.change(`${bed.repo}/settings/branches/guarded`, {
          protected: 'on',
          require_pull_request: 'on',
        })
        const parked = await bed.park(place('new', 'guarded'), {
          ...direct,
          tree_path: 'p.txt',
          content: 'x',
        })
        const done = await bed.confirm(parked)
        assert.equal(done.status, 502, JSON.stringify(done.json))
        assert.match(JSON.stringify(done.json), /Branch 'guarded' is protected/)
        assert.equal(await bed.tip('guarded'), was)
        const outcome = await bed.last('outcome')
        assert.equal(outcome['result'], 'rejected')
        assert.match(outcome['refs'][0].reason, /protected/)
      })

    test('nothing of it stays on disk', () => {
      assert.deepEqual(readdirSync(join(bed.gateway.home, 'spool', 'push')), [])
    })

    test('killed in the middle: what stands open is settled at the next start by what the ref holds', async () => {
      const was = await bed.advance('topic/late')
      await bed.change(place('new', 'topic/late'), { ...direct, tree_path: 'late.txt', content: 'x\n' })
      const now = await landed('topic/late', was, ['A\tlate.txt'])
      const store = await openSqlite(join(bed.gateway.home, 'countersign.db'))
      // As a kill between the forge's answer and ours would leave it.
      await store.db
        .updateTable('intent')
        .set({ state: 'open' })
        .where('entry_index', '=', (await bed.entries('outcome')).at(-1)!['intent'])
        .execute()
      await store.close()
      const settled = (await bed.entries('outcome')).length
      await bed.restart()
      const outcomes = (await bed.entries('outcome')).slice(settled)
      assert.equal(outcomes.length, 1)
      assert.equal(outcomes[0]!['settledBy'], 'start')
      assert.deepEqual(outcomes[0]!['refs'], [{ ref: 'refs/heads/topic/late', status: 'ok' }])
      assert.equal(await bed.tip('topic/late'), now)
    })
  })
}
