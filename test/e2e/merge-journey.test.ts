import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { forges } from '../support/forges.ts'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { Git, withPassword } from '../support/git.ts'
import { type SkAgent, startAgent } from '../support/sk-agent.ts'
import { launchChromium } from './pages/browser.ts'
import { arrive, openTab, type Tab } from './pages/tab.ts'
import { addSshKey, getGitPassword, secretOf } from './support/steps.ts'

let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser.close())

/** A directory for screenshots, for somebody who wants to look. */
const SHOTS = process.env['COUNTERSIGN_SHOTS']

for (const forge of forges()) {
  describe(`a pull request is merged in a browser, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Tab
    let page: Page
    let agent: SkAgent
    let git: Git
    let repo: string
    let work: string

    before(async () => {
      gateway = await startGateway({ env: forge.env })
      keeper = await openTab(browser)
      ;({ page } = keeper)
      await arrive(keeper, gateway.portal, secretOf(gateway.enroll!))
      const home = scratch('merger')
      agent = await startAgent(home)
      const key = agent.addKey('ed25519-sk', 'id_sk')
      await addSshKey(keeper, gateway.portal, agent, key)
      git = new Git(join(home, 'home'), agent.socket)
      await git.configure({ 'gpg.format': 'ssh', 'user.signingkey': key.path, 'push.gpgSign': 'if-asked' })
      repo = gateway.sample.replace(/\.git$/, '')
      const password = await getGitPassword(keeper, gateway.portal)
      work = git.path('work')
      await git.ok(git.home, 'clone', '-q', withPassword(gateway.sample, 'keeper', password), work)
    })
    after(async () => {
      await keeper[Symbol.asyncDispose]()
      await gateway.stop()
    })

    const shot = async (name: string): Promise<void> => {
      if (SHOTS === undefined) return
      mkdirSync(SHOTS, { recursive: true })
      for (const [size, width, height] of [
        ['desktop', 1200, 900],
        ['phone', 390, 844],
      ] as const)
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.setViewportSize({ width, height })
          await page.emulateMedia({ colorScheme })
          const path = join(
            SHOTS,
            `${name}-${forge.env['COUNTERSIGN_FORGE'] ?? 'gogs'}-${size}-${colorScheme}.png`,
          )
          await page.screenshot({ path, fullPage: true })
        }
      await page.setViewportSize({ width: 1200, height: 900 })
    }
    async function push(branch: string, files: Record<string, string>): Promise<void> {
      await git.ok(work, 'fetch', '-q', 'origin')
      await git.ok(work, 'checkout', '-q', '--force', '--detach', 'origin/HEAD')
      await git.commit(work, `Let people in: ${branch}\n\nA longer word about it.`, (dir) => {
        for (const [path, text] of Object.entries(files)) writeFileSync(join(dir, path), text)
      })
      await git.ok(work, 'push', '-q', 'origin', `HEAD:refs/heads/${branch}`)
    }
    /** Open a pull request by the forge's own form, and press its button. */
    async function merge(branch: string): Promise<string> {
      const main = (await git.ok(work, 'symbolic-ref', 'refs/remotes/origin/HEAD')).split('/').at(-1)
      await page.goto(`${repo}/compare/${main}...${branch}`)
      await page.locator('form:has([name=title]) [name=title]').fill(`Merge ${branch}`)
      await page.locator('form:has([name=title]) button:not([type=button])').last().click()
      await page.waitForURL(`${repo}/pulls/*`)
      const pull = page.url()
      const button = page.locator(`form[action$="/merge"] button`)
      for (let left = 100; left > 0 && (await button.count()) === 0; left--) {
        await page.waitForTimeout(100)
        await page.goto(pull)
      }
      await button.click()
      await page.waitForURL(`${gateway.portal}/c/*`)
      return pull
    }
    const text = (): Promise<string> => page.innerText('body')

    test('the page shows commits and changes, one touch signs them, and the forge says merged', async () => {
      await push('login', {
        'login.ts': `${Array.from({ length: 12 }, (_, line) => `export const line${line} = ${line}`).join('\n')}\n`,
        'README.md': '# hello\n\nWith a way in.\n',
      })
      const pull = await merge('login')
      await page.getByText('Let people in: login').first().waitFor()
      const words = await text()
      assert.match(words, /login into /)
      assert.match(words, /login\.ts/)
      assert.match(words, /With a way in\./)
      assert.match(words, /2 files changed/)
      await shot('merge')
      await page.getByText('The exact text you sign').click()
      const exact = page.locator('#exact').filter({ hasText: 'action pr.merge' })
      await exact.waitFor()
      assert.match((await exact.textContent()) ?? '', /\nfield result-tree [0-9a-f]{40}\n/)
      await page.getByRole('button', { name: /^Confirm with tab key/ }).click()
      await page.waitForURL(pull)
      assert.match(await text(), /merged/i)
      await git.ok(work, 'fetch', '-q', 'origin')
      assert.match(await git.ok(work, 'show', 'origin/HEAD:README.md'), /With a way in/)
    })

    test('a branch that moved voids it, with a page that says so', async () => {
      await push('late', { 'late.txt': 'one\n' })
      await merge('late')
      await git.ok(work, 'commit', '-q', '--allow-empty', '-m', 'More')
      await git.ok(work, 'push', '-q', 'origin', 'HEAD:refs/heads/late')
      await page.getByRole('button', { name: /^Confirm with tab key/ }).click()
      await page.locator('h1', { hasText: 'Confirmed, but turned down' }).waitFor()
      assert.match(
        await text(),
        /refs\/heads\/late of .* has moved since this was shown to you\. Nothing was done/,
      )
      await shot('moved')
    })
  })
}
