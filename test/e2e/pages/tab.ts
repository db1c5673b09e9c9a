import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core'

export type Credential = Awaited<ReturnType<typeof credentialsOf>>[number]

export interface Tab extends AsyncDisposable {
  readonly page: Page
  readonly context: BrowserContext
  /** Console errors and violations of the page's policy, as they came. */
  readonly errors: string[]
  /** What the browser asked for, by address. */
  readonly requests: string[]
  /** Pull the key and plug in a fresh one, or one with `credentials` on it. Keys are software: resident, with a PIN, touched whenever they ask. */
  swap(credentials?: readonly Credential[], transport?: 'usb' | 'internal'): Promise<void>
  /** What is on the key, so that the key can be plugged in elsewhere. */
  credentials(): Promise<readonly Credential[]>
}

/** A tab of a browser of its own, with one key plugged in. */
export async function openTab(
  browser: Browser,
  cookies: { name: string; value: string; url: string }[] = [],
): Promise<Tab> {
  const context = await browser.newContext()
  context.setDefaultTimeout(15_000)
  await context.addCookies(cookies)
  const page = await context.newPage()
  const cdp: CDPSession = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  let key: string | undefined
  const errors: string[] = []
  const requests: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  page.on('request', (request) => requests.push(`${request.method()} ${request.url()}`))
  const tab: Tab = {
    page,
    context,
    errors,
    requests,
    async swap(credentials = [], transport = 'usb') {
      if (key !== undefined) await cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: key })
      key = await plugIn(cdp, credentials, transport)
    },
    credentials: () => credentialsOf(cdp, key!),
    [Symbol.asyncDispose]: () => context.close(),
  }
  await tab.swap()
  return tab
}

/** Plug a key with `credentials` into the machine that `cdp` is about; the answer is the key's name there. */
export async function plugIn(
  cdp: CDPSession,
  credentials: readonly Credential[],
  transport: 'usb' | 'internal' = 'usb',
): Promise<string> {
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport,
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  for (const credential of credentials)
    await cdp.send('WebAuthn.addCredential', { authenticatorId, credential })
  return authenticatorId
}

async function credentialsOf(cdp: CDPSession, authenticatorId: string) {
  return (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials
}

/** Enrol by link and sign in, as a person does who has nothing yet. */
export async function arrive(tab: Tab, origin: string, secret: string): Promise<void> {
  const { page } = tab
  await page.goto(`${origin}/enrol#${secret}`)
  await page.getByLabel('Name of this device').fill('tab key')
  await page.getByRole('button', { name: 'Register a passkey' }).click()
  await page.waitForURL('**/sign-in?new')
  await signIn(tab, origin)
}

/** On the sign-in page. A key in software may answer the autofill by itself, so this may be over before the click. */
export async function signIn({ page }: Tab, origin: string): Promise<void> {
  const click = page.getByRole('button', { name: 'Sign in with a passkey' }).click({ timeout: 5000 })
  await Promise.race([page.waitForURL(`${origin}/`), click.catch(() => undefined)])
  await page.waitForURL(`${origin}/`)
}
