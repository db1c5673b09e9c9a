import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { forges } from '../support/forges.ts'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { Git, withPassword } from '../support/git.ts'
import { type HeldPush, pushUnsigned } from '../support/held-push.ts'
import { launchChromium } from './pages/browser.ts'
import { arrive, openTab, signIn, type Tab } from './pages/tab.ts'
import { addPasskey, confirm, getGitPassword, secretOf } from './support/steps.ts'

let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser.close())

for (const forge of forges()) {
  describe(`a push that waits, in a browser, in front of ${forge.name}`, () => {
    const home = scratch('held-journey')
    let gateway: RunningGateway
    let keeper: Tab
    let git: Git
    let work: string
    let n = 0

    before(async () => {
      gateway = await startGateway({ home, env: forge.env })
      keeper = await openTab(browser)
      await arrive(keeper, gateway.portal, secretOf(gateway.enroll!))
      git = new Git(join(scratch('keeper'), 'home'), undefined)
      await git.configure({})
      const password = await getGitPassword(keeper, gateway.portal)
      await git.ok(git.home, 'clone', '-q', withPassword(gateway.sample, 'keeper', password), 'work')
      work = git.path('work')
    })
    after(async () => {
      await keeper[Symbol.asyncDispose]()
      await gateway.stop()
    })

    /** A commit of its own, pushed to a branch of its own. */
    async function push(): Promise<{ held: HeldPush; code: string; branch: string; commit: string }> {
      const branch = `held-${++n}`
      const commit = await git.commit(work, `Change ${n}`, (dir) =>
        writeFileSync(join(dir, `file-${n}.txt`), `first line of ${n}\nsecond line\n`),
      )
      const held = pushUnsigned(git, work, 'origin', `HEAD:refs/heads/${branch}`)
      return { held, code: await held.code, branch, commit }
    }
    const isThere = async (branch: string): Promise<boolean> =>
      (await git.ok(work, 'ls-remote', 'origin', `refs/heads/${branch}`)) !== ''
    const title = (words: string): Promise<void> => keeper.page.locator('h1', { hasText: words }).waitFor()
    const open = (code: string): Promise<unknown> => keeper.page.goto(`${gateway.portal}/a/${code}`)

    test('approve: the page shows what would land, one touch, and the same push completes', async () => {
      const { held, code, branch, commit } = await push()
      await open(code)
      await keeper.page.getByText(`Change ${n}`, { exact: true }).first().waitFor()
      const text = (await keeper.page.textContent('main')) ?? ''
      for (const words of ['keeper/hello', branch, `file-${n}.txt`, `first line of ${n}`, 'git/2'])
        assert.ok(text.includes(words), words)
      assert.equal(await isThere(branch), false)
      await keeper.page.getByRole('button', { name: /^Approve with / }).click()
      await title('It landed')
      const { code: exit, stderr } = await held.done
      assert.equal(exit, 0, stderr)
      assert.match(await git.ok(work, 'ls-remote', 'origin', branch), new RegExp(commit))
      assert.deepEqual(keeper.errors, [])
    })

    test('a page that is open before git has read the push grows by itself', async () => {
      await keeper.page.goto(`${gateway.portal}/pending`)
      const { held, branch } = await push()
      await keeper.page.getByText(branch).first().waitFor()
      await keeper.page
        .getByRole('link', { name: /Look|Review|Open|held/i })
        .first()
        .click()
      await keeper.page.getByRole('button', { name: /^Approve with / }).click()
      await title('It landed')
      assert.equal((await held.done).code, 0)
    })

    test('refuse, with a reason that the terminal shows', async () => {
      const { held, code, branch } = await push()
      await open(code)
      await keeper.page.getByRole('button', { name: 'Refuse', exact: true }).click()
      await keeper.page.getByLabel('Reason').fill('not on a Friday')
      await keeper.page.getByRole('button', { name: 'Refuse the push' }).click()
      await title('You refused it')
      const { code: exit, stderr } = await held.done
      assert.notEqual(exit, 0)
      assert.match(stderr, /not on a Friday/)
      assert.equal(await isThere(branch), false)
    })

    test('the client is killed while the page is open', async () => {
      const { held, code, branch } = await push()
      await open(code)
      await keeper.page.getByRole('button', { name: /^Approve with / }).waitFor()
      held.kill()
      await title('The client left')
      assert.equal(await keeper.page.getByRole('button', { name: /^Approve with / }).count(), 0)
      assert.equal(await isThere(branch), false)
    })

    test('a device is disabled while its push waits', async () => {
      await using other = await openTab(browser)
      await addPasskey(keeper, gateway.portal, 'second key')
      await other.swap(await keeper.credentials())
      await other.page.goto(`${gateway.portal}/sign-in`)
      await signIn(other, gateway.portal)
      const { held, code, branch } = await push()
      await other.page.goto(`${gateway.portal}/a/${code}`)
      await other.page.getByRole('button', { name: /^Approve with / }).waitFor()
      const devices = await other.context.newPage()
      const cdp = await other.context.newCDPSession(devices)
      await cdp.send('WebAuthn.enable')
      const { plugIn } = await import('./pages/tab.ts')
      await plugIn(cdp, await other.credentials())
      await devices.goto(`${gateway.portal}/devices`)
      await devices.getByRole('button', { name: 'Disable tab key' }).click()
      await confirm(devices)
      await devices.getByText('Disabled devices (1)').waitFor()
      await other.page.locator('h1', { hasText: 'Its access ended' }).waitFor()
      const { code: exit, stderr } = await held.done
      assert.notEqual(exit, 0)
      assert.match(stderr, /was ended/)
      // The git password hung on that device, too: another one for what follows.
      await keeper.swap(await other.credentials())
      await keeper.context.clearCookies()
      await keeper.page.goto(`${gateway.portal}/sign-in`)
      await signIn(keeper, gateway.portal)
      const password = await getGitPassword(keeper, gateway.portal)
      await git.ok(work, 'remote', 'set-url', 'origin', withPassword(gateway.sample, 'keeper', password))
      assert.equal(await isThere(branch), false)
    })

    test('it expires, and the gateway restarts, while the page is open', async () => {
      await gateway.stop()
      mkdirSync(home, { recursive: true })
      writeFileSync(join(home, 'countersign.yaml'), 'holds: { seconds: 5 }\n')
      gateway = await startGateway({ home, env: forge.env })
      await keeper.context.clearCookies()
      await keeper.page.goto(`${gateway.portal}/sign-in`)
      await signIn(keeper, gateway.portal)
      const password = await getGitPassword(keeper, gateway.portal)
      await git.ok(work, 'remote', 'set-url', 'origin', withPassword(gateway.sample, 'keeper', password))
      const late = await push()
      await open(late.code)
      await title('Too late')
      assert.match((await late.held.done).stderr, /in time/)

      const cut = await push()
      await open(cut.code)
      await keeper.page.getByRole('button', { name: /^Approve with / }).waitFor()
      await gateway.stop()
      assert.match((await cut.held.done).stderr, /The gateway is stopping/)
      gateway = await startGateway({ home, env: forge.env })
      await git.ok(work, 'remote', 'set-url', 'origin', withPassword(gateway.sample, 'keeper', password))
      assert.equal(await isThere(late.branch), false)
      assert.equal(await isThere(cut.branch), false)
    })
  })
}
