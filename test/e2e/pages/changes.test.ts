import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { refusal } from '../../../src/core/refusal.ts'
import { loadAssets } from '../../../src/portal/assets.ts'
import { refusalPage } from '../../../src/portal/refusal-page.ts'
import { launchChromium } from './browser.ts'
import type { FakeParked } from './fake-parked.ts'
import { linkSecret, type Seeded, seed } from './people.ts'
import { type Served, serve } from './serve.ts'
import { deletion, hostile, webhook } from './some-changes.ts'
import { arrive, openTab, type Tab } from './tab.ts'

let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser.close())

interface Bed extends Served {
  readonly tab: Tab
  readonly page: Page
  readonly people: Seeded
  add(more?: Partial<FakeParked>): FakeParked
  /** Open its page, and wait for the text that will be signed. */
  open(one: FakeParked): Promise<void>
}

/** Alice with a passkey that a real browser made; the forge is a page of ours that says nothing. */
async function bed(): Promise<Bed> {
  const served = await serve()
  const people = await seed(served.fake)
  served.fake.identity.seedInvitation(linkSecret, people.alice)
  const tab = await openTab(browser)
  await tab.page.route(`${served.fake.forgeOrigin}/**`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>The forge</title><h1>The forge</h1>' }),
  )
  await arrive(tab, served.origin, linkSecret)
  const key = served.fake.identity.devices(people.alice.id).at(-1)!
  return {
    ...served,
    tab,
    page: tab.page,
    people: { ...people, key },
    add: (more = {}) =>
      served.fake.parked.add({ account: people.alice.id, ways: () => [{ device: key, uv: false }], ...more }),
    async open({ id }) {
      await tab.page.goto(`${served.origin}/c/${id}`)
      await tab.page.locator('#exact', { hasText: 'nonce' }).waitFor({ state: 'attached' })
    },
    async [Symbol.asyncDispose]() {
      await tab[Symbol.asyncDispose]()
      await served[Symbol.asyncDispose]()
    },
  }
}
const heading = (page: Page, name: string): Promise<void> =>
  page.getByRole('heading', { level: 1, name }).waitFor()

test('one click and one touch confirm, and the person lands where the forge sends them', async () => {
  await using it = await bed()
  const one = it.add({ outcome: '/acme/app/settings/collaboration?done' })
  await it.open(one)
  await it.page.getByRole('button', { name: 'Confirm with tab key' }).dblclick()
  await it.page.waitForURL(`${it.fake.forgeOrigin}/acme/app/settings/collaboration?done`)
  assert.equal(one.approved.length, 1)
  assert.match(one.approved[0]!.text, /\nfield person bob\n/)
  assert.deepEqual(it.tab.errors, [])
})

test('what the forge said no to is told where the person stands', async () => {
  await using it = await bed()
  const one = it.add({ outcome: refusal('upstream', 'The forge did not take it: no such user.') })
  await it.open(one)
  await it.page.getByRole('button', { name: 'Confirm with tab key' }).click()
  await heading(it.page, 'Confirmed, but turned down')
  await it.page.getByText('no such user').waitFor()
  assert.equal(await it.page.evaluate('document.activeElement.id'), 'title')
  assert.equal(await it.page.locator('#heard').textContent(), 'Confirmed, but turned down')
})

test('it expires under the reader’s eyes', async () => {
  await using it = await bed()
  const one = it.add()
  await it.open(one)
  it.fake.parked.become(one, { state: 'expired' })
  await heading(it.page, 'Too late')
  assert.equal(await it.page.getByRole('button', { name: /^(Confirm|Drop)/ }).count(), 0)
  assert.deepEqual(it.tab.errors, [])
})

test('confirmed in another tab: the page follows to the end', async () => {
  await using it = await bed()
  const one = it.add()
  await it.open(one)
  it.fake.parked.become(one, { state: 'approved' })
  await heading(it.page, 'Confirmed')
  // Nobody is told of this: the page looks by itself.
  one.state = 'done'
  await heading(it.page, 'Done')
  assert.deepEqual(it.tab.errors, [])
})

test('another change that comes disturbs neither what is open nor the touch', async () => {
  await using it = await bed()
  const one = it.add()
  await it.open(one)
  await it.page.getByText('The exact text you sign').click()
  it.add()
  await it.page.locator('.nav .count', { hasText: '2' }).waitFor()
  await it.page.locator('#exact', { hasText: 'nonce' }).waitFor()
  assert.equal(await it.page.locator('#exact').isVisible(), true)
  await it.page.getByRole('button', { name: 'Confirm with tab key' }).click()
  await it.page.waitForURL(`${it.fake.forgeOrigin}/**`)
  assert.equal(one.approved.length, 1)
  assert.deepEqual(it.tab.errors, [])
})

test('a session that ended in another tab leaves the page at once', async () => {
  await using it = await bed()
  await it.open(it.add())
  const [own] = it.fake.identity
    .sessions(it.people.alice.id)
    .filter(({ device }) => device === it.people.key.id)
  await it.fake.identity.endSession(own!.id, 'test')
  await it.page.waitForURL('**/sign-in')
})

test('the list follows what comes and goes', async () => {
  await using it = await bed()
  await it.page.goto(`${it.origin}/pending`)
  await it.page.getByText('Nothing waits').waitFor()
  const one = it.add()
  await it.page.getByRole('link', { name: 'Give bob write access to acme/app', exact: true }).waitFor()
  assert.equal(await it.page.locator('.nav .count').textContent(), '1')
  assert.match(await it.page.title(), /^\(1\) Waiting/)
  it.fake.parked.become(one, { state: 'expired' })
  await it.page.getByText('Nothing waits').waitFor()
  assert.match(await it.page.title(), /^Waiting/)
  assert.deepEqual(it.tab.errors, [])
})

test('by keyboard alone: from the page between, to the change, to the end', async () => {
  await using it = await bed()
  const { page } = it
  const one = it.add()
  const at = `${it.origin}/c/${one.id}`
  const { html } = refusalPage(
    { ...refusal('proof-needed', 'This takes a touch.'), at },
    { origin: it.origin, assets: loadAssets(), styles: 'inline' },
  )
  await page.route(`${it.fake.forgeOrigin}/form`, (route) =>
    route.fulfill({ contentType: 'text/html', body: html }),
  )
  await page.goto(`${it.fake.forgeOrigin}/form`)
  await page.locator('a:focus', { hasText: 'Go on to confirm it' }).waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL(at)
  await page.locator('#exact', { hasText: 'nonce' }).waitFor({ state: 'attached' })
  const focused = (): Promise<string> =>
    page.evaluate('document.activeElement.textContent.trim()') as Promise<string>
  for (let i = 0; i < 40 && (await focused()) !== 'Confirm with tab key'; i++)
    await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.waitForURL(`${it.fake.forgeOrigin}/acme/**`)
  assert.equal(one.approved.length, 1)
})

test('nothing stands out to the right at 360 pixels, and nothing of others runs', async () => {
  await using it = await bed()
  const { page, fake, people } = it
  await page.setViewportSize({ width: 360, height: 740 })
  for (const one of [hostile(fake, people), deletion(fake, people), webhook(fake, people)]) {
    await it.open(one)
    for (const summary of await page.locator('summary').all()) await summary.click()
    const over = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    assert.ok(Number(over) <= 0, `${one.change.sentence}: ${over}`)
  }
  await page.goto(`${it.origin}/pending`)
  assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth')) <= 0)
  assert.deepEqual(it.tab.errors, [])
})
