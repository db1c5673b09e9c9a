// Pages of the forge beyond repositories' settings, as a person uses them: each change one page and one touch.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { forges } from '../support/forges.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { launchChromium } from './pages/browser.ts'
import { arrive, openTab, type Tab } from './pages/tab.ts'
import { invite, secretOf } from './support/steps.ts'

let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser.close())

for (const forge of forges()) {
  const real = forge.name !== 'stand-in'

  describe(`more pages of the forge, in a browser, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Tab
    let page: Page
    let repo: string

    before(async () => {
      gateway = await startGateway({ env: forge.env })
      keeper = await openTab(browser)
      ;({ page } = keeper)
      await arrive(keeper, gateway.portal, secretOf(gateway.enroll!))
      await invite(keeper, gateway.portal, 'bob')
      repo = gateway.sample.replace(/\.git$/, '')
    })
    after(async () => {
      await keeper[Symbol.asyncDispose]()
      await gateway.stop()
    })

    const text = (): Promise<string> => page.innerText('body')
    /** Send the form with a field of this name, and stay where that leads. */
    async function send(field: string, button = 'button:not([type=button])'): Promise<void> {
      await page.locator(`form:has([name="${field}"]) ${button}`).first().click()
      await page.waitForURL(`${gateway.portal}/c/*`)
    }
    async function confirm(words: RegExp): Promise<void> {
      await page.locator('h1', { hasText: words }).waitFor()
      await page.getByRole('button', { name: /^Confirm with tab key/ }).click()
      await page.waitForURL(`${gateway.url}/**`)
    }

    test('a release is published, at the commit that the page shows', async () => {
      await page.goto(`${repo}/releases/new`)
      await page.locator('[name=tag_name]').fill('v1.0')
      await page.locator('[name=title]').fill('The first')
      await send('tag_name')
      await page.locator('.fields', { hasText: /Commit\s*[0-9a-f]{40}/ }).waitFor()
      await confirm(/Publish the release v1\.0 of keeper\/hello from main/)
      assert.equal(page.url(), `${repo}/releases`)
      assert.match(await text(), /The first/)
    })

    test('it is changed, and stays at its tag', async () => {
      await page.goto(`${repo}/releases/edit/v1.0`)
      await page.locator('[name=title]').fill('The very first')
      await send('title')
      await confirm(/Change the release v1\.0/)
      assert.match(await text(), /The very first/)
    })

    test('an organisation is made and deleted; the password field is nobody’s', async () => {
      if (real) {
        await page.goto(`${gateway.url}/org/create`)
        await page.locator('[name=org_name]').fill('guild')
        await send('org_name')
        await confirm(/Create the organisation guild/)
        await page.goto(`${gateway.url}/org/guild/settings`)
        await page.locator('textarea[name=description]').fill('Those who look after the mill')
        await send('full_name')
        await confirm(/Change the settings of the organisation guild/)
        await page.goto(`${gateway.url}/org/guild/invitations/new`)
        await page.locator('[name=uname]').fill('bob')
        await send('uname')
        await confirm(/Make bob a member of guild/)
        assert.match(await text(), /\bbob\b/)
        await page.goto(`${gateway.url}/org/guild/teams/new`)
        await page.locator('[name=team_name]').fill('millers')
        await send('team_name')
        await confirm(/Make the team millers|Create the team millers/)
        await page.goto(`${gateway.url}/org/guild/settings/delete`)
        await page.locator('[name=password]').fill('nobody has one')
        await page.locator('#delete-button, .delete-button').first().click()
        await page.locator('.modal.visible.active .ok').click()
        await page.waitForURL(`${gateway.portal}/c/*`)
        await confirm(/Delete the organisation guild/)
        assert.equal((await page.goto(`${gateway.url}/guild`))?.status(), 404)
      }
    })

    if (real) {
      test('a wiki page is added, the first of all', async () => {
        await page.goto(`${repo}/wiki/_new`)
        await page.locator('[name=title]').fill('Home')
        await page.locator('.CodeMirror').waitFor()
        await page.evaluate(`document.querySelector('.CodeMirror').CodeMirror.setValue('Where to begin.\\n')`)
        await send('title')
        await confirm(/Add the page Home to the wiki/)
        assert.match(await text(), /Where to begin/)
      })

      test('an administrator makes a person at the forge, and changes them', async () => {
        await makeSiteAdmin(gateway, 'keeper')
        await page.goto(`${gateway.url}/admin/users/new`)
        await page.locator('[name=user_name]').fill('carol')
        await page.locator('[name=email]').fill('carol@example.com')
        await page.locator('[name=password]').fill('a password of nobody 4711')
        await send('user_name')
        assert.ok(!(await page.content()).includes('a password of nobody'))
        await confirm(/carol/)
        assert.match(await text(), /carol/)
        const id = /\/admin\/users\/([0-9]+)/.exec(page.url())?.[1]
        assert.ok(id, page.url())
        await page.goto(`${gateway.url}/admin/users/${id}`)
        await page.locator('[name=full_name]').fill('Carol Singer')
        await send('full_name', 'button.green')
        await confirm(/user/i)
        assert.equal(await page.locator('[name=full_name]').inputValue(), 'Carol Singer')
      })

      test('pages that are for nobody say so, and where to go instead', async () => {
        for (const [path, words] of [
          ['/user/settings/password', /portal/],
          ['/user/settings/applications', /git password/],
          ['/user/settings/security', /portal/],
          ['/admin/auths/new', /server/],
          ['/keeper/hello/settings/hooks/git', /Git hooks/],
        ] as const) {
          await page.goto(`${gateway.url}${path}`)
          assert.match(await text(), words, path)
        }
      })
    }
  })
}

/** As whoever runs the forge would, past the gateway: administration of the forge is another thing than of the gateway. */
async function makeSiteAdmin({ home }: RunningGateway, name: string): Promise<void> {
  const { url, header, serviceAccount } = JSON.parse(
    readFileSync(join(home, 'forge', 'address.json'), 'utf8'),
  ) as { url: string; header: string; serviceAccount: string }
  const as = { [header]: serviceAccount, 'content-type': 'application/json' }
  const found = (await (await fetch(`${url}/api/v1/users/${name}`, { headers: as })).json()) as {
    email: string
  }
  const body = JSON.stringify({ email: found.email, admin: true, active: true })
  const made = await fetch(`${url}/api/v1/admin/users/${name}`, { method: 'PATCH', headers: as, body })
  assert.equal(made.status, 200)
}
