import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { forges } from '../support/forges.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { launchChromium } from './pages/browser.ts'
import { arrive, openTab, plugIn, signIn, type Tab } from './pages/tab.ts'
import { invite, secretOf } from './support/steps.ts'

let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser.close())

for (const forge of forges()) {
  const real = forge.name !== 'stand-in'

  describe(`changes on the forge’s own pages, in a browser, in front of ${forge.name}`, () => {
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

    /** The button of the form that has a field of this name. */
    const buttonOf = (field: string) => page.locator(`form:has([name="${field}"]) button:not([type=button])`)
    /** Where every challenged form leads by itself. */
    const ledOn = (at: Page = page): Promise<void> => at.waitForURL(`${gateway.portal}/c/*`)
    async function confirm(at: Page = page): Promise<void> {
      await at.getByRole('button', { name: /^Confirm with tab key/ }).click()
      await at.waitForURL(`${gateway.url}/**`)
    }
    const title = (words: string | RegExp, at: Page = page): Promise<void> =>
      at.locator('h1', { hasText: words }).waitFor()
    const text = (at: Page = page): Promise<string> => at.innerText('body')
    async function addCollaborator(name: string): Promise<void> {
      await page.goto(`${repo}/settings/collaboration`)
      await page.locator('input[name=collaborator]').fill(name)
      await buttonOf('collaborator').click()
      await ledOn()
    }
    const waiting = async (): Promise<number> => {
      await page.goto(`${gateway.portal}/pending`)
      return page.locator('a.button[href^="/c/"]').count()
    }
    /** Another tab of the same browser, with the same key plugged in. */
    async function anotherTab(): Promise<Page> {
      const other = await keeper.context.newPage()
      const cdp = await keeper.context.newCDPSession(other)
      await cdp.send('WebAuthn.enable')
      await plugIn(cdp, await keeper.credentials())
      return other
    }

    test('a collaborator is added: one page, one touch, and on where the forge sends', async () => {
      await addCollaborator('bob')
      await title('Give bob write access to keeper/hello')
      const words = await text()
      assert.match(words, /Nothing changes until you confirm it/)
      const exact = page.locator('#exact')
      await page.getByText('The exact text you sign').click()
      await exact.filter({ hasText: 'action repo.collaborator.add' }).waitFor()
      assert.match((await exact.textContent()) ?? '', /\nfield person bob\n/)
      await confirm()
      assert.equal(page.url(), `${repo}/settings/collaboration`)
      assert.match(await text(), /\bbob\b/)
      assert.equal(await waiting(), 0)
    })

    test('without scripts the page leads on, and its words say what is missing', async () => {
      await using context = await browser.newContext({ javaScriptEnabled: false })
      await context.addCookies(await keeper.context.cookies())
      const plain = await context.newPage()
      await plain.goto(`${repo}/settings/collaboration`)
      await plain.locator('input[name=collaborator]').fill('keeper')
      await plain.locator('form:has([name="collaborator"]) button').click()
      await ledOn(plain)
      await title('Give keeper write access', plain)
      assert.match(await text(plain), /Passkeys need JavaScript/)
      await plain.getByRole('button', { name: 'Drop it' }).click()
      await title('Dropped', plain)
    })

    test('settings of the repository are changed', async () => {
      await page.goto(`${repo}/settings`)
      await page
        .locator('input[name=description], textarea[name=description]')
        .fill('Said "<b>hello</b>" to everybody')
      await buttonOf('description').first().click()
      await ledOn()
      await title('Change the settings of keeper/hello')
      assert.match(await text(), /Said "<b>hello<\/b>" to everybody/)
      await confirm()
      assert.equal(page.url(), `${repo}/settings`)
      assert.equal(
        await page.locator('input[name=description], textarea[name=description]').inputValue(),
        'Said "<b>hello</b>" to everybody',
      )
    })

    test('making it public says what follows; dropped, nothing changes', async () => {
      await page.goto(`${repo}/settings`)
      await page.locator('[name=private]').uncheck({ force: true })
      await buttonOf('description').first().click()
      await ledOn()
      await page.getByText('Look twice.').waitFor()
      await page.getByRole('button', { name: 'Confirm with tab key (with PIN)' }).waitFor()
      await page.getByRole('button', { name: 'Drop it' }).click()
      await title('Dropped')
      await page.getByRole('link', { name: 'Back to the forge' }).click()
      await page.waitForURL(repo)
      await page.goto(`${repo}/settings`)
      assert.equal(await page.locator('[name=private]').isChecked(), true)
      assert.equal(await waiting(), 0)
    })

    test('what the forge does not take is told on the page', async () => {
      await addCollaborator('nobody-of-this-name')
      await page.getByRole('button', { name: /^Confirm with tab key/ }).click()
      await title('Confirmed, but turned down')
      assert.match(await text(), /The forge did not take it: .*exist/)
      await page.getByRole('link', { name: 'Back to the forge' }).click()
      await page.waitForURL(repo)
    })

    test('one change in two tabs: confirmed in one, the other follows', async () => {
      await addCollaborator('keeper')
      const other = await anotherTab()
      await other.goto(page.url())
      await title('Give keeper write access', other)
      await page.getByRole('button', { name: /^Confirm with tab key/ }).click()
      await title(/^(Done|Confirmed, but turned down)$/, other)
      assert.equal(await other.getByRole('button', { name: /^Confirm/ }).count(), 0)
      await other.close()
    })

    test('a button that asks by script: the forge’s page stays as it is, and the list shows the change at once', async () => {
      const list = await anotherTab()
      await list.goto(`${gateway.portal}/pending`)
      await list.getByText('Nothing waits').waitFor()
      await page.goto(`${repo}/settings/collaboration`)
      const heard = page.waitForResponse((answer) => answer.url().endsWith('/collaboration/delete'))
      if (real) {
        await page.locator('.delete-button').first().click()
        await page.locator('.delete.modal.visible.active .ok').click()
      } else await removeByScript(page)
      const answer = await heard
      assert.equal(answer.status(), 409)
      assert.equal(answer.headers()['content-type'], 'application/problem+json')
      const row = list.getByRole('link', { name: /^Take access to keeper\/hello away/ })
      await row.waitFor()
      assert.match(await list.title(), /^\(1\) Waiting/)
      assert.equal(await list.locator('.nav .count').textContent(), '1')
      assert.equal(page.url(), `${repo}/settings/collaboration`)
      await row.click()
      await ledOn(list)
      await confirm(list)
      assert.equal(list.url(), `${repo}/settings/collaboration`)
      assert.doesNotMatch((await list.locator('main, .repository').first().textContent()) ?? '', /\bbob\b/)
      await list.close()
    })

    test('a file is edited: its text is read before it is signed', async () => {
      await page.goto(`${repo}/_edit/main/README.md`)
      const words = 'Edited in a browser, and signed.'
      if (real) {
        await page.locator('.CodeMirror').waitFor()
        await page.evaluate(`document.querySelector('.CodeMirror').CodeMirror.setValue('${words}\\n')`)
      } else await page.locator('textarea[name=content]').fill(`${words}\n`)
      await buttonOf('last_commit').click()
      await ledOn()
      await page.locator('.fields .line', { hasText: words }).waitFor()
      await page.locator('.fields', { hasText: /Commit\s*[0-9a-f]{40}/ }).waitFor()
      await confirm()
      assert.equal(page.url(), `${repo}/src/main/README.md`)
      assert.match(await text(), new RegExp(words))
    })

    test('the first page of a wiki is written', async () => {
      await page.goto(`${repo}/wiki/_new`)
      await page.locator('[name=title]').fill('Home')
      const words = 'Written in a browser, and signed.'
      if (real) {
        await page.locator('.CodeMirror').waitFor()
        await page.evaluate(`document.querySelector('.CodeMirror').CodeMirror.setValue('${words}')`)
      } else await page.locator('textarea[name=content]').fill(words)
      await buttonOf('title').click()
      await ledOn()
      await page.locator('.fields .line', { hasText: words }).waitFor()
      await confirm()
      assert.equal(page.url(), `${repo}/wiki/Home`)
      assert.match(await text(), new RegExp(words))
    })

    if (real) {
      test('a file is uploaded where the forge’s own page wants it dropped', async () => {
        await page.goto(`${repo}/_upload/main`)
        const file = {
          name: 'dropped.txt',
          mimeType: 'text/plain',
          buffer: Buffer.from('Dropped, and signed.\n'),
        }
        await page.locator('input.dz-hidden-input').setInputFiles([file, { ...file, name: 'mistake.txt' }])
        await page.locator('.files input[name=files]').nth(1).waitFor({ state: 'attached' })
        await page.locator('.dz-remove').nth(1).click()
        await page.locator('.files input[name=files]').nth(1).waitFor({ state: 'detached' })
        await buttonOf('tree_path').click()
        await ledOn()
        assert.match(await text(), /dropped\.txt [0-9a-f]{40} sha256:/)
        assert.doesNotMatch(await text(), /mistake/)
        await confirm()
        assert.equal(page.url(), `${repo}/src/main`)
        await page.goto(`${repo}/src/main/dropped.txt`)
        assert.match(await text(), /Dropped, and signed\./)
      })

      test('a webhook is added; its secret is on no page of ours', async () => {
        await page.goto(`${repo}/settings/hooks/gogs/new`)
        await page.locator('[name=payload_url]').fill('https://93.184.215.14/hook')
        await page.locator('[name=secret]').fill('a-webhook-secret-4711')
        await buttonOf('payload_url').click()
        await ledOn()
        await title('Send news of keeper/hello to 93.184.215.14')
        assert.ok(!(await page.content()).includes('a-webhook-secret'))
        assert.match(await text(), /not shown; signed by its digest/)
        await confirm()
        assert.equal(page.url(), `${repo}/settings/hooks`)
        assert.match(await text(), /93\.184\.215\.14/)
      })

      test('an organisation is created', async () => {
        await page.goto(`${gateway.url}/org/create`)
        await page.locator('[name=org_name]').fill('acme')
        await buttonOf('org_name').click()
        await ledOn()
        await title('Create the organisation acme')
        await confirm()
        assert.equal(page.url(), `${gateway.url}/org/acme/dashboard`)
      })

      test('a person changes their profile', async () => {
        await page.goto(`${gateway.url}/user/settings`)
        await page.locator('[name=full_name]').fill('The Keeper')
        await buttonOf('full_name').click()
        await ledOn()
        await title('Change your profile')
        await confirm()
        assert.equal(page.url(), `${gateway.url}/user/settings`)
        assert.equal(await page.locator('[name=full_name]').inputValue(), 'The Keeper')
      })
    }

    test('signed out in another tab: the page leaves, and the change has ended', async () => {
      await addCollaborator('bob')
      const at = page.url()
      const other = await keeper.context.newPage()
      await other.goto(gateway.portal)
      // The key would sign in again by itself.
      const credentials = await keeper.credentials()
      await keeper.swap()
      await other.getByRole('button', { name: 'Sign out' }).click()
      await page.waitForURL('**/sign-in*')
      await other.close()
      await keeper.swap(credentials)
      await page.goto(`${gateway.portal}/sign-in`)
      await signIn(keeper, gateway.portal)
      await page.goto(at)
      await title('Its access ended')
      await page.goto(`${repo}/settings/collaboration`)
      assert.doesNotMatch((await page.locator('main, .repository').first().textContent()) ?? '', /\bbob\b/)
    })
  })
}

/** As a page's script does it where the forge's own page has no such button. */
async function removeByScript(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    const token = document.querySelector('meta[name=_csrf]').content
    const body = new URLSearchParams({ _csrf: token, id: '2' })
    await fetch(location.pathname + '/delete', { method: 'POST', body })
  })()`)
}
