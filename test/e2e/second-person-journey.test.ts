import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { forges } from '../support/forges.ts'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { Git, withPassword } from '../support/git.ts'
import { pushUnsigned } from '../support/held-push.ts'
import { ledgerEntries } from '../support/ledger-entries.ts'
import { ageDevices } from '../support/second-person.ts'
import { launchChromium } from './pages/browser.ts'
import { arrive, openTab, type Tab } from './pages/tab.ts'
import { getGitPassword, invite, secretOf } from './support/steps.ts'

const POLICY = `@id("collaborators and pushes need two people")
forbid (principal, action in [Action::"repo.collaborator.add", Action::"git.push"], resource)
unless { context.countersignatures >= 1 };
`

let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser.close())

for (const forge of forges()) {
  describe(`two people, each in a browser of their own, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Tab
    let bob: Tab
    let repo: string

    before(async () => {
      gateway = await startGateway({ env: forge.env })
      keeper = await openTab(browser)
      bob = await openTab(browser)
      await arrive(keeper, gateway.portal, secretOf(gateway.enroll!))
      await arrive(bob, gateway.portal, secretOf(await invite(keeper, gateway.portal, 'bob')))
      await invite(keeper, gateway.portal, 'carol')
      repo = gateway.sample.replace(/\.git$/, '')
      await ask('bob')
      await keeper.page.getByRole('button', { name: /^Confirm with tab key/ }).click()
      await keeper.page.waitForURL(`${gateway.url}/**`)
      const loads = (await ledgerEntries(gateway.home, 'policy.load')).length
      mkdirSync(join(gateway.home, 'policy'), { recursive: true })
      writeFileSync(join(gateway.home, 'policy', 'two.cedar'), POLICY)
      while ((await ledgerEntries(gateway.home, 'policy.load')).length === loads)
        await new Promise((resolve) => setTimeout(resolve, 50))
      await ageDevices(gateway, 25)
    })
    after(async () => {
      await keeper[Symbol.asyncDispose]()
      await bob[Symbol.asyncDispose]()
      await gateway.stop()
    })

    /** Fill in the forge's own form, and arrive at the portal's page. */
    async function ask(name: string): Promise<void> {
      const { page } = keeper
      await page.goto(`${repo}/settings/collaboration`)
      await page.locator('input[name=collaborator]').fill(name)
      await page.locator('form:has([name="collaborator"]) button:not([type=button])').click()
      await page.waitForURL(`${gateway.portal}/c/*`)
    }
    const title = (page: Page, words: string): Promise<void> =>
      page.locator('h1', { hasText: words }).waitFor()

    test('one signs; the other sees it appear, reads it, countersigns; and the first sees it done', async () => {
      await bob.page.goto(`${gateway.portal}/pending`)
      await bob.page.getByText('Nothing waits').waitFor()
      await ask('carol')
      await keeper.page.getByText('and one other person countersigns it').waitFor()
      await keeper.page.getByRole('button', { name: /^Confirm with tab key/ }).click()
      await title(keeper.page, 'Signed by you')
      await keeper.page.getByText('0 of 1 countersignature').waitFor()
      const row = bob.page.getByRole('link', { name: 'Give carol write access to keeper/hello', exact: true })
      await row.waitFor()
      assert.match(await bob.page.title(), /^\(1\) Waiting/)
      await row.click()
      await title(bob.page, 'Give carol write access to keeper/hello')
      await bob.page.getByText('The exact text that keeper signed').click()
      const text = await bob.page.innerText('main')
      assert.match(text, /keeper signed this\. It is done in their name once you countersign it\./)
      assert.match(text, /action repo\.collaborator\.add/)
      await bob.page.locator('#exact', { hasText: 'action countersign' }).waitFor({ state: 'attached' })
      await bob.page.getByRole('button', { name: /^Countersign with tab key/ }).click()
      await title(bob.page, 'Done')
      await title(keeper.page, 'Done')
      await keeper.page.getByRole('link', { name: 'Back to the forge' }).click()
      await keeper.page.waitForURL(`${gateway.url}/**`)
      await keeper.page.goto(`${repo}/settings/collaboration`)
      assert.match(await keeper.page.innerText('body'), /\bcarol\b/)
      assert.deepEqual(bob.errors, [])
    })

    test('the other refuses with a reason: the first reads it where they stand', async () => {
      await ask('keeper')
      await keeper.page.getByRole('button', { name: /^Confirm with tab key/ }).click()
      await title(keeper.page, 'Signed by you')
      const address = (await keeper.page.locator('#ask-address').textContent()) ?? ''
      await bob.page.goto(address)
      await bob.page.getByRole('button', { name: 'Refuse', exact: true }).click()
      await bob.page.getByLabel('Reason').fill('Not before Monday')
      await bob.page.getByRole('button', { name: 'Refuse it' }).click()
      await title(bob.page, 'Refused')
      await title(keeper.page, 'Dropped')
      await keeper.page.getByText('bob refused: Not before Monday').waitFor()
    })

    test('withdrawn under the other’s eyes', async () => {
      await ask('keeper')
      await keeper.page.getByRole('button', { name: /^Confirm with tab key/ }).click()
      await title(keeper.page, 'Signed by you')
      await bob.page.goto((await keeper.page.locator('#ask-address').textContent()) ?? '')
      await bob.page.getByRole('button', { name: /^Countersign with/ }).waitFor()
      await keeper.page.getByRole('button', { name: 'Withdraw it' }).click()
      await title(keeper.page, 'Dropped')
      await title(bob.page, 'Refused')
      assert.equal(await bob.page.getByRole('button', { name: /^Countersign with/ }).count(), 0)
    })

    test('a push: touched by one, read and countersigned by the other, and git goes on', async () => {
      const git = new Git(join(scratch('two-people'), 'home'), undefined)
      await git.configure({})
      const password = await getGitPassword(keeper, gateway.portal)
      await git.ok(git.home, 'clone', '-q', withPassword(gateway.sample, 'keeper', password), 'work')
      const work = git.path('work')
      await git.commit(work, 'Say more', (dir) => writeFileSync(join(dir, 'more.txt'), 'more than before\n'))
      const held = pushUnsigned(git, work, 'origin', 'HEAD:refs/heads/more')
      await keeper.page.goto(`${gateway.portal}/a/${await held.code}`)
      await keeper.page.getByText('Say more', { exact: true }).first().waitFor()
      await keeper.page.getByRole('button', { name: /^Approve with / }).click()
      await title(keeper.page, 'Signed by you')
      await bob.page.goto((await keeper.page.locator('#ask-address').textContent()) ?? '')
      await title(bob.page, 'Push 1 ref to keeper/hello')
      await bob.page.getByText('more than before').first().waitFor()
      await bob.page.getByRole('button', { name: /^Countersign with/ }).click()
      await title(keeper.page, 'It landed')
      assert.equal((await held.done).code, 0, held.stderr())
      await title(bob.page, 'Done')
    })
  })
}
