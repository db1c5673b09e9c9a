// `node test/e2e/pages/screenshots.ts DIR`: every page at two widths, light and dark, as PNG files in DIR.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { refusal } from '../../../src/core/refusal.ts'
import { loadAssets } from '../../../src/portal/assets.ts'
import { refusalPage } from '../../../src/portal/refusal-page.ts'
import { launchChromium } from './browser.ts'
import { small } from './fake-holds.ts'
import { linkSecret, seed } from './people.ts'
import { dangerous, ordinary, several } from './pushes.ts'
import { reportRows } from './report-rows.ts'
import { serve } from './serve.ts'
import { asked, deletion, fileEdit, hostile, webhook } from './some-changes.ts'

const dir = process.argv[2] ?? 'test/e2e/pages/shots'
const only = process.argv[3]
mkdirSync(dir, { recursive: true })

await using served = await serve()
const { fake, origin } = served
const people = await seed(fake)
const { alice, admin, adminSecret, aliceSecret, key } = people
const push = ordinary(fake, people)
const danger = dangerous(fake, people)
several(fake, people)
reportRows(fake, people)
const hook = webhook(fake, people)
const gone = deletion(fake, people)
const edited = fileEdit(fake, people)
const evil = hostile(fake, people)
const ended = fake.parked.add({ account: alice.id, state: 'done', next: '/acme/app/settings' })
const turned = fake.parked.add({
  account: alice.id,
  state: 'rejected',
  said: 'The forge did not take it: The user does not exist.',
})
const carol = fake.identity.accountByName('carol')!
const waits = { people: 1, state: 'signed' as const }
const signed = fake.parked.add({ ...waits, account: alice.id, expiresAt: fake.at + 47 * 60_000 })
asked(fake, signed, { ways: [], why: null }, { look: async () => undefined })
const oneOf = (account: typeof alice, from: ReturnType<typeof webhook>) =>
  fake.parked.add({ ...waits, account: account.id, change: from.change, why: 'payments needs two people' })
const mine = { ways: [{ device: key, uv: true }], why: null }
const countersign = asked(fake, oneOf(carol, webhook(fake, { ...people, alice: carol })), mine)
const critical = asked(fake, oneOf(carol, deletion(fake, { ...people, alice: carol })), mine)
const odd = asked(fake, oneOf(carol, hostile(fake, { ...people, alice: carol })), mine)
const young = asked(fake, oneOf(carol, webhook(fake, { ...people, alice: carol })), {
  ways: [],
  why: 'No passkey of yours is enough for policy: one that was added a day ago or earlier may be.',
})
const no = asked(fake, fake.parked.add({ account: carol.id, state: 'refused' }), mine)
no.close()
const policy = () => [{ device: key, uv: false }]
const coming = fake.holds.add({ account: admin.id, state: 'receiving' })
const reading = fake.holds.add({ account: admin.id, policy })
const typed = fake.holds.add({
  account: admin.id,
  ...small(),
  policy,
  client: { address: '203.0.113.9', userAgent: 'git/2.47.3' },
})
const landed = fake.holds.add({ account: admin.id, ...small(), state: 'landed' })
const rejected = fake.holds.add({
  account: admin.id,
  ...small(),
  state: 'rejected',
  said: 'refs/heads/main: pre-receive hook declined',
})
fake.identity.seedInvitation(linkSecret, alice)
await using browser = await launchChromium()

interface Shot {
  readonly name: string
  readonly path: string
  readonly as?: 'alice' | 'admin'
  readonly act?: (page: Page) => Promise<void>
  /** Height of the window, for a picture of the window instead of the whole page. */
  readonly height?: number
}

const click = (text: string) => async (page: Page) => {
  await page.getByRole('button', { name: text }).first().click()
  await page.waitForSelector('dialog[open]')
}
const SHOTS: readonly Shot[] = [
  { name: 'sign-in', path: '/sign-in' },
  {
    name: 'enrol',
    path: `/enrol#${linkSecret}`,
    act: async (page) => void (await page.waitForSelector('#enrol:not([hidden])')),
  },
  { name: 'enrol-bad', path: '/enrol#nothing' },
  { name: 'home', path: '/', as: 'alice' },
  { name: 'devices', path: '/devices', as: 'alice' },
  { name: 'devices-dialog', path: '/devices', as: 'alice', act: click('Disable Work laptop') },
  {
    name: 'devices-rename',
    path: '/devices',
    as: 'alice',
    act: async (page) => page.getByRole('button', { name: 'Rename' }).first().click(),
  },
  { name: 'add-passkey', path: '/devices/add-passkey', as: 'alice' },
  { name: 'add-ssh-key', path: '/devices/add-ssh-key', as: 'alice' },
  {
    name: 'add-ssh-key-2',
    path: '/devices/add-ssh-key',
    as: 'alice',
    act: async (page) => {
      await page.fill('#key', 'sk-ssh-ed25519@openssh.com AAAA')
      await page.getByRole('button', { name: 'Continue' }).first().click()
      await page.waitForSelector('#prove:not([hidden])')
    },
  },
  { name: 'git-password', path: '/git-password', as: 'alice' },
  { name: 'tokens', path: '/tokens', as: 'alice' },
  {
    name: 'tokens-all',
    path: '/tokens',
    as: 'alice',
    act: async (page) => {
      await page.getByText('Only these actions').click()
    },
  },
  { name: 'approval', path: `/a/${push.code}`, as: 'alice', height: 1240 },
  { name: 'push', path: `/a/${push.code}`, as: 'alice' },
  { name: 'push-danger', path: `/a/${danger.code}`, as: 'alice' },
  {
    name: 'push-refuse',
    path: `/a/${push.code}`,
    as: 'alice',
    act: async (page) => page.getByRole('button', { name: 'Refuse' }).first().click(),
  },
  { name: 'push-coming', path: `/a/${coming.code}`, as: 'admin' },
  { name: 'push-reading', path: `/a/${reading.code}`, as: 'admin' },
  { name: 'push-typed', path: `/a/${typed.code}`, as: 'admin' },
  { name: 'push-landed', path: `/a/${landed.code}`, as: 'admin' },
  { name: 'push-rejected', path: `/a/${rejected.code}`, as: 'admin' },
  { name: 'change', path: `/c/${hook.id}`, as: 'alice', height: 980 },
  {
    name: 'change-all',
    path: `/c/${hook.id}`,
    as: 'alice',
    act: async (page) => {
      for (const summary of await page.locator('summary').all()) await summary.click()
    },
  },
  { name: 'change-edit', path: `/c/${edited.id}`, as: 'alice' },
  { name: 'change-danger', path: `/c/${gone.id}`, as: 'alice' },
  { name: 'change-hostile', path: `/c/${evil.id}`, as: 'alice' },
  { name: 'change-done', path: `/c/${ended.id}`, as: 'alice' },
  { name: 'change-rejected', path: `/c/${turned.id}`, as: 'alice' },
  { name: 'change-signed', path: `/c/${signed.id}`, as: 'alice' },
  { name: 'countersign', path: `/countersign/${countersign.id}`, as: 'alice', height: 980 },
  {
    name: 'countersign-refuse',
    path: `/countersign/${countersign.id}`,
    as: 'alice',
    act: async (page) => page.getByRole('button', { name: 'Refuse' }).first().click(),
  },
  { name: 'countersign-critical', path: `/countersign/${critical.id}`, as: 'alice' },
  { name: 'countersign-hostile', path: `/countersign/${odd.id}`, as: 'alice' },
  { name: 'countersign-young', path: `/countersign/${young.id}`, as: 'alice' },
  { name: 'countersign-refused', path: `/countersign/${no.id}`, as: 'alice' },
  { name: 'pending', path: '/pending', as: 'alice' },
  { name: 'pending-batch', path: '/pending', as: 'alice', act: click('Approve these') },
  { name: 'sessions', path: '/sessions', as: 'alice' },
  { name: 'ledger', path: '/ledger', as: 'admin' },
  { name: 'people', path: '/people', as: 'admin' },
  {
    name: 'report',
    path: '/report',
    as: 'admin',
  },
  { name: 'report-home', path: '/', as: 'alice' },
  { name: 'frozen-home', path: '/', as: 'admin' },
  { name: 'not-found', path: '/nothing', as: 'alice' },
]

for (const scheme of ['light', 'dark'] as const) {
  for (const width of [390, 1280]) {
    for (const { name, path, as, act, height } of SHOTS) {
      if (only !== undefined && !name.startsWith(only)) continue
      await using context = await browser.newContext({
        colorScheme: scheme,
        viewport: { width, height: height ?? (width === 390 ? 844 : 800) },
      })
      if (as)
        await context.addCookies([
          {
            name: 'countersign_portal',
            value: as === 'alice' ? aliceSecret : adminSecret,
            url: origin,
            httpOnly: true,
            sameSite: 'Lax',
          },
        ])
      fake.frozen.splice(0)
      if (name.startsWith('frozen'))
        fake.frozen.push({
          repo: { id: 3, owner: 'acme', name: 'payments' },
          part: 'code',
          ref: 'refs/heads/main',
          intent: 41,
          reason: 'another commit was merged than was signed',
          since: fake.at - 60_000,
        })
      fake.mode = name.startsWith('report') ? { all: true, repos: [] } : { all: false, repos: [] }
      const page = await context.newPage()
      page.on('console', (message) => console.log(name, message.type(), message.text()))
      page.on('pageerror', (error) => console.log(name, 'error', error.message))
      await page.goto(origin + path)
      if (act) await act(page)
      await page.screenshot({
        path: join(dir, `${name}-${width}-${scheme}.png`),
        fullPage: height === undefined,
      })
    }
    const refused = {
      refusal: refusal(
        'proof-needed',
        'This push changes refs/heads/main of acme/payments.',
        'Sign it with a security key.',
      ),
      'refusal-leads-on': {
        ...refusal(
          'proof-needed',
          'Give bob write access to acme/app: this takes a touch of your key.',
          'Confirm it in the portal.',
        ),
        at: `${origin}/c/${hook.id}`,
      },
    }
    for (const [name, why] of Object.entries(refused)) {
      if (only !== undefined && !name.startsWith(only)) continue
      await using context = await browser.newContext({
        colorScheme: scheme,
        viewport: { width, height: 700 },
      })
      const page = await context.newPage()
      await page.setContent(refusalPage(why, { origin, assets: loadAssets(), styles: 'inline' }).html)
      await page.screenshot({ path: join(dir, `${name}-${width}-${scheme}.png`), fullPage: true })
    }
  }
}
