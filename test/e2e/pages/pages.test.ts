import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium } from './browser.ts'
import { linkSecret, seed } from './people.ts'
import { type Served, serve } from './serve.ts'
import { arrive, openTab, type Tab } from './tab.ts'

let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser.close())

/** A portal where alice has a link, and a tab where she used it. */
async function aliceArrived(): Promise<Served & { readonly tab: Tab }> {
  const served = await serve()
  const { alice } = await seed(served.fake)
  served.fake.identity.seedInvitation(linkSecret, alice)
  const tab = await openTab(browser)
  await arrive(tab, served.origin, linkSecret)
  return {
    ...served,
    tab,
    async [Symbol.asyncDispose]() {
      await tab[Symbol.asyncDispose]()
      await served[Symbol.asyncDispose]()
    },
  }
}

test('a link enrols, the passkey signs in, and the link’s secret stays out of addresses', async () => {
  await using served = await aliceArrived()
  const { page, requests, errors } = served.tab
  assert.equal(await page.locator('h1').textContent(), 'Hello, alice')
  assert.ok(requests.length > 5 && requests.every((request) => !request.includes(linkSecret)))
  assert.equal(await page.evaluate('document.cookie'), '')
  assert.deepEqual(errors, [])
})

test('one touch gives a git password; the next page does not have it', async () => {
  await using served = await aliceArrived()
  const { tab } = served
  await tab.page.goto(`${served.origin}/git-password`)
  await tab.page.getByRole('button', { name: 'Get a git password' }).click()
  const dialog = tab.page.getByRole('dialog')
  assert.match((await dialog.locator('pre').textContent()) ?? '', /^countersign statement v1\n/)
  await dialog.getByRole('button', { name: 'Confirm with a passkey' }).click()
  const password = tab.page.locator('#password')
  await password.waitFor()
  assert.match((await password.textContent()) ?? '', /^csp_[A-Za-z0-9_-]{43}$/)
  assert.equal(await tab.page.evaluate('document.activeElement.id'), 'fresh')
  await tab.page.reload()
  assert.equal(await password.textContent(), '')
  assert.deepEqual(tab.errors, [])
})

test('a second passkey: a touch of the old one, then its own; cancelling changes nothing', async () => {
  await using served = await aliceArrived()
  const { tab } = served
  await tab.page.goto(`${served.origin}/devices/add-passkey`)
  await tab.page.getByLabel('Name of the new device').fill('red key')
  await tab.page.getByRole('button', { name: 'Continue' }).click()
  await tab.page.getByRole('button', { name: 'Cancel' }).click()
  assert.equal(await tab.page.getByRole('dialog').count(), 0)
  await tab.page.getByLabel('Name of the new device').press('Enter')
  await tab.page.getByRole('button', { name: 'Confirm with a passkey' }).press('Enter')
  await tab.page.getByRole('button', { name: 'Register the new passkey' }).press('Enter')
  await tab.page.waitForURL('**/devices')
  assert.equal(await tab.page.getByRole('heading', { name: 'red key' }).count(), 1)
  assert.deepEqual(tab.errors, [])
})

test('forms work without scripts of ours, and the browser sends the origin with them', async () => {
  await using served = await serve()
  const { aliceSecret, key } = await seed(served.fake)
  await using tab = await openTab(browser, [
    { name: 'countersign_portal', value: aliceSecret, url: served.origin },
  ])
  await tab.page.goto(`${served.origin}/devices`)
  await tab.page.getByRole('button', { name: 'Rename Blue security key', exact: true }).click()
  await tab.page.getByLabel('Name of this device').first().fill('Green key')
  await tab.page.getByLabel('Name of this device').first().press('Enter')
  await tab.page.getByRole('heading', { name: 'Green key', exact: true }).waitFor()
  assert.deepEqual(served.fake.identity.log, [`renameDevice ${key.id} Green key`])
  await tab.page.getByRole('button', { name: 'Sign out' }).click()
  await tab.page.waitForURL('**/sign-in')
  assert.deepEqual(tab.errors, [])
})

test('a page of another origin, even of the same site, can neither post to the portal nor frame it', async () => {
  await using served = await serve()
  const { aliceSecret } = await seed(served.fake)
  await using tab = await openTab(browser, [
    { name: 'countersign_portal', value: aliceSecret, url: served.origin },
  ])
  // Cookies cross ports, so this page's form is sent with alice's session.
  const neighbour = createServer((_, res) => {
    res
      .setHeader('content-type', 'text/html')
      .end(
        `<form method="post" action="${served.origin}/sign-out"><button>Win a prize</button></form><iframe src="${served.origin}/devices"></iframe>`,
      )
  })
  await new Promise<void>((resolve) => neighbour.listen(0, '127.0.0.1', resolve))
  await tab.page.goto(`http://localhost:${(neighbour.address() as AddressInfo).port}/`)
  const framed = await tab.page.frames()[1]!.content()
  assert.doesNotMatch(framed, /Your devices/)
  await tab.page.getByRole('button').click()
  await tab.page.getByRole('heading', { name: 'Another site asked for this' }).waitFor()
  assert.deepEqual(served.fake.identity.log, [])
  neighbour.closeAllConnections()
  neighbour.close()
})
