import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { forges } from '../support/forges.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { run } from '../support/git.ts'
import { launchChromium } from './pages/browser.ts'
import { arrive, openTab, type Tab } from './pages/tab.ts'
import { confirm, invite, secretOf } from './support/steps.ts'

let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser.close())

for (const forge of forges()) {
  describe(`a token from its making to its end, in a browser, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Tab
    let page: Page
    let token = ''
    const repo = '/repos/keeper/hello'

    before(async () => {
      gateway = await startGateway({ env: forge.env })
      keeper = await openTab(browser)
      ;({ page } = keeper)
      await arrive(keeper, gateway.portal, secretOf(gateway.enroll!))
      await invite(keeper, gateway.portal, 'bob')
    })
    after(async () => {
      await keeper[Symbol.asyncDispose]()
      await gateway.stop()
    })

    /** A program of its own, on nobody's page. */
    async function ask(line: string, body?: object): Promise<{ status: number; json: any }> {
      const [method, path] = line.split(' ') as [string, string]
      const answer = await fetch(`${gateway.url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `token ${token}`,
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      })
      return { status: answer.status, json: await answer.json().catch(() => null) }
    }

    test('it is asked for in plain words, signed as a whole, and shown once', async () => {
      await page.goto(`${gateway.portal}/tokens`)
      await page.getByLabel('What it is for').fill('nightly report')
      await page.getByLabel('Ask for changes, too').check()
      // What belongs to another choice is not asked for.
      assert.equal(await page.getByLabel('Actions', { exact: true }).isVisible(), false)
      await page.getByLabel('Repositories', { exact: true }).fill('keeper/hello')
      await page.getByLabel('For how long').selectOption({ label: '8 hours' })
      await page.getByRole('button', { name: 'Make a token' }).click()
      const text = (await page.getByRole('dialog').locator('pre').textContent()) ?? ''
      assert.match(
        text,
        /\naction token\.create\nfield name nightly%20report\nfield may change\nfield may read\nfield may ride\nfield reach listed\nfield repo keeper\/hello#\d+\nfield until 20\d\d-[^\n]+Z\n/,
      )
      await confirm(page)
      const shown = page.locator('#token')
      await shown.filter({ hasText: 'cst_' }).waitFor()
      token = (await shown.textContent()) ?? ''
      assert.match(token, /^cst_[0-9A-Za-z]{46}$/)
      await page.reload()
      assert.equal(await shown.textContent(), '')
      assert.match(await page.innerText('body'), /nightly report/)
      assert.ok(!(await page.content()).includes(token))
    })

    test('a choice without what belongs to it is refused with words, and nothing is signed', async () => {
      await page.getByLabel('What it is for').fill('x')
      await page.getByRole('button', { name: 'Make a token' }).click()
      await page.getByText('Name one repository at least').waitFor()
      await page.getByLabel('Repositories', { exact: true }).fill('keeper/nothing')
      await page.getByRole('button', { name: 'Make a token' }).click()
      await page.getByText('One of the repositories does not exist').waitFor()
      assert.equal(await page.getByRole('dialog').count(), 0)
    })

    test('curl and a program read and write with it', async () => {
      const read = await run(
        ['curl', '-sS', '-H', `Authorization: token ${token}`, `${gateway.url}/api/v1${repo}`],
        {},
      )
      assert.equal(JSON.parse(read.stdout).full_name, 'keeper/hello')
      const made = await ask(`POST ${repo}/issues`, { title: 'Every night' })
      assert.equal(made.status, 201)
      assert.equal((await ask('GET /user')).status, 403)
    })

    test('what a program asks for shows up by itself, says which one, and a touch carries it out', async () => {
      await page.goto(`${gateway.portal}/pending`)
      const asked = await ask(`PUT ${repo}/collaborators/bob`, {})
      assert.equal(asked.status, 409)
      await page
        .locator(`a[href="${new URL(asked.json.pending).pathname}"]`)
        .first()
        .click()
      await page.locator('h1', { hasText: 'Give bob write access to keeper/hello' }).waitFor()
      assert.match(await page.innerText('body'), /Through\s*the token nightly report/)
      await page.getByRole('button', { name: /^Confirm with tab key/ }).click()
      // Nobody has the forge open in this browser: its page leads through the portal.
      await page.waitForURL(`${gateway.url}/**`)
      const again = await ask(`PUT ${repo}/collaborators/bob`, { permission: 'read' })
      assert.equal(again.status, 409)
    })

    test('a page of the forge in the same browser cannot use the interface', async () => {
      await page.goto(gateway.sample.replace(/\.git$/, ''))
      const statuses = await page.evaluate(
        async (paths) =>
          Promise.all(paths.map(async (path) => (await fetch(path, { credentials: 'include' })).status)),
        ['/api/v1/user', `/api/v1${repo}`, '/api/v1/users/keeper/tokens'],
      )
      assert.deepEqual(statuses, [401, 401, 401])
    })

    test('ended with one click, it opens nothing', async () => {
      await page.goto(`${gateway.portal}/tokens`)
      await page.getByRole('button', { name: 'End the token nightly report' }).click()
      await page.waitForURL('**/tokens')
      assert.equal((await ask(`GET ${repo}`)).status, 401)
      assert.doesNotMatch(await page.innerText('body'), /nightly report\n/)
    })
  })
}
