import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { createCeremonies } from '../../../src/ceremony/create-ceremonies.ts'
import { sshString } from '../../../src/core/bytes.ts'
import { ed25519PrivateKey, sha256Hex } from '../../../src/core/crypto.ts'
import { ok } from '../../../src/core/result.ts'
import { createAsks } from '../../../src/hold/asks.ts'
import type { Identity } from '../../../src/identity/identity.ts'
import { openIdentity } from '../../../src/identity/open-identity.ts'
import { openLedger } from '../../../src/ledger/open-ledger.ts'
import { createHandOver } from '../../../src/portal/hand-over.ts'
import { createInvite } from '../../../src/portal/invite.ts'
import { createLedgerView } from '../../../src/portal/ledger-view.ts'
import { createPortal } from '../../../src/portal/portal.ts'
import { openSqlite } from '../../../src/store/sqlite/open-sqlite.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Forge } from '../../../src/upstream/forge.ts'
import { launchChromium } from './browser.ts'
import { fakeHolds } from './fake-holds.ts'
import { fakeParked } from './fake-parked.ts'
import { servePortal } from './serve.ts'
import { arrive, openTab, signIn } from './tab.ts'

let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser.close())

const MINUTE = 60_000
const now = Date.now
const quiet = { info() {}, warn() {}, error() {} }

/** The portal on the real store, ledger, identity and ceremonies; only the forge is a few lines. */
async function real(): Promise<
  { origin: string; store: Store; identity: Identity; secret: string } & AsyncDisposable
> {
  const dir = mkdtempSync(join(tmpdir(), 'portal-'))
  const store = await openSqlite(join(dir, 'store.db'))
  const ledger = openLedger({
    store,
    key: ed25519PrivateKey(Buffer.alloc(32, 1)),
    origin: 'localhost/ledger',
    now,
  })
  const identity = await openIdentity({
    store,
    ledger,
    now,
    limits: {
      portalIdle: 60 * MINUTE,
      forgeIdle: 60 * MINUTE,
      absolute: 720 * MINUTE,
      gitPassword: 720 * MINUTE,
      token: 720 * MINUTE,
      link: 60 * MINUTE,
    },
  })
  let id = 0
  const forge = {
    createUser: async ({ name, email }: { name: string; email: string }) => ok({ id: ++id, name, email }),
  } as unknown as Forge
  const invite = createInvite({ forge, identity, now })
  const first = await invite({ name: 'maintainer', email: 'm@example.com', admin: true }, 'host')
  assert.ok(first.ok)
  const served = await servePortal(async (origin) =>
    createPortal({
      origin,
      forgeOrigin: 'http://127.0.0.1:3000',
      unknownForge: () => null,
      secure: false,
      identity,
      ceremonies: createCeremonies({
        origin,
        rpId: 'localhost',
        identity,
        now,
        policyDigest: () => `sha256:${sha256Hex('policy')}`,
      }),
      handOver: createHandOver({ now }),
      holds: fakeHolds(now, origin),
      parked: fakeParked(now),
      asks: createAsks({ limits: { total: 100 }, identity, now }),
      frozen: async () => [],
      ledger: createLedgerView({ ledger, store, identity }),
      tokenDesk: { repo: async () => undefined, allowed: () => undefined },
      report: { all: false, repos: [], rows: async () => [] },
      invite,
      limiter: { mayTry: () => true, failed() {} },
      log: quiet,
      now,
    }),
  )
  return {
    origin: served.origin,
    store,
    identity,
    secret: first.value.secret,
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]()
      await identity.close()
      await ledger.close()
      await store.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

test('an administrator arrives, adds a second passkey, invites a person, and disables the first device, which ends its session', async () => {
  await using it = await real()
  await using tab = await openTab(browser)
  const { page } = tab
  await arrive(tab, it.origin, it.secret)
  const admin = it.identity.accountByName('maintainer')!
  assert.equal(it.identity.activeDevices(admin.id).length, 1)
  assert.equal(await page.locator('h1').textContent(), 'Hello, maintainer')

  await page.goto(`${it.origin}/devices/add-passkey`)
  await page.getByLabel('Name of the new device').fill('red key')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('button', { name: 'Confirm with a passkey' }).click()
  const register = page.getByRole('button', { name: 'Register the new passkey' })
  await register.waitFor()
  // A key that is known already would answer first, and say so.
  await tab.swap()
  await register.click()
  await page.waitForURL('**/devices')
  const [old, made] = it.identity.activeDevices(admin.id)
  assert.deepEqual([made?.name, made?.enrolledBy], ['red key', `device:${old?.id}`])

  await page.goto(`${it.origin}/people`)
  await page.getByLabel('Login name').fill('alice')
  await page.getByLabel('E-mail').fill('alice@example.com')
  await page.getByRole('button', { name: 'Continue' }).click()
  assert.match(
    (await page.getByRole('dialog').locator('pre').textContent()) ?? '',
    /\naction account\.invite\nfield name alice\nfield email alice@example\.com\n/,
  )
  await page.getByRole('button', { name: 'Confirm with a passkey' }).click()
  const link = page.locator('#link')
  await link.waitFor()
  await using alices = await openTab(browser)
  await arrive(alices, it.origin, new URL((await link.textContent()) ?? '').hash.slice(1))
  assert.equal(await alices.page.locator('h1').textContent(), 'Hello, alice')
  assert.equal((await alices.page.goto(`${it.origin}/people`))?.status(), 404)

  await page.goto(`${it.origin}/devices`)
  await page.getByRole('button', { name: 'Disable tab key' }).click()
  await page.getByRole('button', { name: 'Confirm with a passkey' }).click()
  await page.waitForURL('**/sign-in')
  assert.equal(it.identity.device(old!.id)?.state, 'revoked')
  await signIn(tab, it.origin)
  assert.deepEqual(tab.errors, [])

  await page.goto(`${it.origin}/ledger`)
  const types = await page.locator('td code').allTextContents()
  assert.ok(
    types.includes('device.state') && types.includes('session.open') && types.includes('device.enrol'),
    types.join(),
  )
})

test('an SSH signing key of the wrong kind is refused with a way out', async () => {
  await using it = await real()
  await using tab = await openTab(browser)
  await arrive(tab, it.origin, it.secret)
  const blob = Buffer.concat([sshString('ssh-ed25519'), sshString(Buffer.alloc(32, 7))]).toString('base64')
  await tab.page.goto(`${it.origin}/devices/add-ssh-key`)
  await tab.page.getByLabel('Public key').fill(`ssh-ed25519 ${blob} me@here`)
  await tab.page.getByRole('button', { name: 'Continue' }).first().click()
  const alert = tab.page.getByRole('alert').first()
  await alert.filter({ hasText: 'not kept in a security key' }).waitFor()
})
