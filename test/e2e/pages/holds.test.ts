import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import type { HoldWay } from '../../../src/hold/holds.ts'
import { launchChromium } from './browser.ts'
import { type FakeHold, small } from './fake-holds.ts'
import { linkSecret, type Seeded, seed } from './people.ts'
import { dangerous, ordinary, several } from './pushes.ts'
import { type Served, serve } from './serve.ts'
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
  add(more?: Partial<FakeHold>): FakeHold
}

/** Alice with a passkey that a real browser made, and a push that it may approve. */
async function bed(): Promise<Bed> {
  const served = await serve()
  const people = await seed(served.fake)
  served.fake.identity.seedInvitation(linkSecret, people.alice)
  const tab = await openTab(browser)
  await arrive(tab, served.origin, linkSecret)
  const key = served.fake.identity.devices(people.alice.id).at(-1)!
  const policy = (): readonly HoldWay[] => [{ device: key, uv: false }]
  return {
    ...served,
    tab,
    page: tab.page,
    people: { ...people, key },
    add: (more = {}) => served.fake.holds.add({ account: people.alice.id, ...small(), policy, ...more }),
    async [Symbol.asyncDispose]() {
      await tab[Symbol.asyncDispose]()
      await served[Symbol.asyncDispose]()
    },
  }
}
const heading = (page: Page, name: string): Promise<void> =>
  page.getByRole('heading', { level: 1, name }).waitFor()

test('one click and one touch approve; the page follows to the end by itself', async () => {
  await using it = await bed()
  const { page, fake } = it
  const hold = it.add()
  await page.goto(`${it.origin}/a/${hold.code}`)
  await page.getByRole('button', { name: 'Approve with tab key' }).click()
  await heading(page, 'Approved')
  assert.deepEqual(
    hold.approved.map(({ shown }) => shown),
    ['diff'],
  )
  fake.holds.become(hold, { state: 'landed' })
  await heading(page, 'It landed')
  assert.equal(await page.evaluate('document.activeElement.id'), 'title')
  assert.equal(await page.locator('#heard').textContent(), 'It landed')
  assert.deepEqual(it.tab.errors, [])
})

test('two quick clicks are one touch', async () => {
  await using it = await bed()
  const hold = it.add()
  await it.page.goto(`${it.origin}/a/${hold.code}`)
  await it.page.getByRole('button', { name: 'Approve with tab key' }).dblclick()
  await heading(it.page, 'Approved')
  assert.equal(hold.approved.length, 1)
  assert.deepEqual(it.tab.errors, [])
})

test('refuse with a reason, without a touch', async () => {
  await using it = await bed()
  const hold = it.add()
  await it.page.goto(`${it.origin}/a/${hold.code}`)
  await it.page.getByRole('button', { name: 'Refuse' }).click()
  await it.page.getByLabel('Reason').fill('not mine')
  await it.page.getByRole('button', { name: 'Refuse the push' }).click()
  await heading(it.page, 'You refused it')
  assert.deepEqual([hold.state, hold.said], ['refused', 'not mine'])
  assert.deepEqual(it.tab.errors, [])
})

test('from loading to the diff, without losing the place or what was typed', async () => {
  await using it = await bed()
  const { page, fake } = it
  const hold = it.add({
    state: 'receiving',
    landing: undefined,
    client: { address: '203.0.113.9', userAgent: 'git/2' },
  })
  await page.goto(`${it.origin}/a/${hold.code}`)
  await heading(page, 'A push is coming in')
  fake.holds.become(hold, { state: 'waiting' })
  const code = page.getByLabel('Code from the terminal')
  await code.fill('7fqk')
  fake.holds.become(hold, small())
  await page.getByText('const b = 3').waitFor()
  assert.equal(await code.inputValue(), '7fqk')
  assert.equal(await page.evaluate('document.activeElement.id'), 'typed')
  await code.fill('2222 2222')
  await code.press('Enter')
  await page.getByRole('alert').filter({ hasText: 'not the code' }).waitFor()
  await code.fill(hold.code.toLowerCase().replace('-', ' '))
  await page.getByRole('button', { name: 'Approve with tab key' }).click()
  await heading(page, 'Approved')
  // Refused once, on purpose: the browser says so in its console.
  assert.equal(it.tab.errors.filter((error) => !/400/.test(error)).length, 0)
})

test('where event streams fail, the page asks again and again', async () => {
  await using it = await bed()
  const { page, fake } = it
  const hold = it.add()
  await page.route('**/events', (route) => route.fulfill({ status: 503, body: '' }))
  await page.goto(`${it.origin}/a/${hold.code}`)
  fake.holds.become(hold, { state: 'gone' })
  await heading(page, 'The client left')
  assert.ok(it.tab.requests.some((request) => request.endsWith('/state')))
})

test('a session that ended leaves the page at once', async () => {
  await using it = await bed()
  const hold = it.add()
  await it.page.goto(`${it.origin}/a/${hold.code}`)
  await it.page.getByText('const b = 3').waitFor()
  const [own] = it.fake.identity
    .sessions(it.people.alice.id)
    .filter(({ device }) => device === it.people.key.id)
  await it.fake.identity.endSession(own!.id, 'test')
  await it.page.waitForURL('**/sign-in')
})

test('by keyboard alone', async () => {
  await using it = await bed()
  const { page } = it
  const hold = it.add()
  await page.goto(`${it.origin}/a/${hold.code}`)
  const focused = (): Promise<string> =>
    page.evaluate('document.activeElement.textContent.trim() || document.activeElement.id') as Promise<string>
  for (let i = 0; i < 40 && (await focused()) !== 'Refuse'; i++) await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByLabel('Reason').waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Shift+Tab')
  assert.equal(await focused(), 'Approve with tab key')
  await page.keyboard.press('Enter')
  await heading(page, 'Approved')
  assert.equal(hold.approved.length, 1)
  assert.deepEqual(it.tab.errors, [])
})

test('several pushes with one touch; one that came later waits on', async () => {
  await using it = await bed()
  const { page, fake } = it
  const holds = several(fake, it.people)
  await page.goto(`${it.origin}/pending`)
  await page.getByRole('button', { name: 'Approve these 3 with one touch' }).click()
  const dialog = page.getByRole('dialog')
  assert.equal(((await dialog.locator('pre').textContent()) ?? '').match(/\nfield item sha256:/g)?.length, 3)
  const late = it.add()
  await dialog.getByRole('button', { name: 'Confirm with a passkey' }).click()
  await page.locator('#heard', { hasText: '3 approved.' }).waitFor()
  assert.deepEqual(
    holds.map(({ approved }) => approved.length),
    [1, 1, 1],
  )
  assert.equal(late.approved.length, 0)
  await page.getByText(late.code).waitFor()
  assert.deepEqual(it.tab.errors, [])
})

test('the list follows what comes and goes', async () => {
  await using it = await bed()
  await it.page.goto(`${it.origin}/pending`)
  await it.page.getByText('Nothing waits').waitFor()
  const hold = it.add()
  await it.page.getByText(hold.code).waitFor()
  assert.equal(await it.page.locator('.nav .count').textContent(), '1')
  it.fake.holds.become(hold, { state: 'gone' })
  await it.page.getByText('Nothing waits').waitFor()
  assert.deepEqual(it.tab.errors, [])
})

test('nothing stands out to the right at 360 pixels, and nothing of others runs', async () => {
  await using it = await bed()
  const { page, fake, people } = it
  const wide = small()
  const hold = it.add({
    repo: { id: 9, owner: 'o'.repeat(80), name: 'r'.repeat(80) },
    updates: [{ before: '1'.repeat(40), after: '2'.repeat(40), ref: `refs/heads/${'b'.repeat(200)}` }],
    landing: wide.landing!,
    patches: [
      {
        cut: false,
        files: [
          {
            change: {
              ...wide.landing!.refs[0]!.files!.files[0]!,
              path: `${'p'.repeat(300)}/<img src=x onerror=alert(1)>`,
            },
            hunks: [
              {
                before: { start: 123_456, lines: 1 },
                after: { start: 123_456, lines: 1 },
                heading: 'h'.repeat(300),
                lines: [
                  {
                    kind: 'same',
                    text: `${' '.repeat(900)}<script>alert(1)</script>${'x'.repeat(900)}`,
                    cut: false,
                  },
                ],
              },
            ],
          },
        ],
      },
    ],
  })
  await page.setViewportSize({ width: 360, height: 740 })
  for (const path of [
    `/a/${hold.code}`,
    `/a/${hold.code}/all`,
    `/a/${ordinary(fake, people).code}`,
    `/a/${dangerous(fake, people).code}`,
    '/pending',
    '/',
    '/sessions',
    '/devices',
  ]) {
    await page.goto(it.origin + path)
    const over = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    assert.ok(Number(over) <= 0, `${path}: ${over}`)
  }
  assert.deepEqual(it.tab.errors, [])
})
