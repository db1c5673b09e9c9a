import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { run } from '../../support/git.ts'
import type { SkAgent, SoftKey } from '../../support/sk-agent.ts'
import type { Tab } from '../pages/tab.ts'

// What a person does on the portal's pages, as clicks.

/** In the dialog that shows what will be signed. */
export async function confirm(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Confirm with a passkey' }).click()
}

/** Invite somebody; returns the one-time link. */
export async function invite({ page }: Tab, portal: string, name: string): Promise<string> {
  await page.goto(`${portal}/people`)
  await page.getByLabel('Login name').fill(name)
  await page.getByLabel('E-mail').fill(`${name}@example.com`)
  await page.getByRole('button', { name: 'Continue' }).click()
  await confirm(page)
  const link = page.locator('#link')
  await link.waitFor()
  return (await link.textContent()) ?? ''
}

/** Add a signing key by the page's own steps; returns the lines it prints for git. */
export async function addSshKey(
  { page }: Tab,
  portal: string,
  agent: SkAgent,
  key: SoftKey,
): Promise<string> {
  await page.goto(`${portal}/devices/add-ssh-key`)
  await page.getByLabel('Public key').fill(key.line)
  await page.getByLabel('Where it is on your machine').fill(key.path)
  await page.getByRole('button', { name: 'Continue' }).first().click()
  const command = page.locator('#command')
  await command.waitFor()
  const signed = await run(['sh', '-c', (await command.textContent()) ?? ''], {
    env: { SSH_AUTH_SOCK: agent.socket },
  })
  assert.match(signed.stdout, /^-----BEGIN SSH SIGNATURE-----/, signed.stderr)
  await page.getByLabel('What it printed').fill(signed.stdout)
  await page.getByLabel('Name of the key').fill('git key')
  await page.locator('#prove').getByRole('button', { name: 'Continue' }).click()
  await confirm(page)
  const lines = page.locator('#lines')
  await lines.waitFor()
  return (await lines.textContent()) ?? ''
}

/** Get a git password; the page still shows it. */
export async function getGitPassword({ page }: Tab, portal: string): Promise<string> {
  await page.goto(`${portal}/git-password`)
  await page.getByRole('button', { name: 'Get a git password' }).click()
  await confirm(page)
  const password = page.locator('#password')
  await password.waitFor()
  return (await password.textContent()) ?? ''
}

/** Add a second passkey; from then on it is the one that is plugged in. */
export async function addPasskey(tab: Tab, portal: string, name: string): Promise<void> {
  const { page } = tab
  await page.goto(`${portal}/devices/add-passkey`)
  await page.getByLabel('Name of the new device').fill(name)
  await page.getByRole('button', { name: 'Continue' }).click()
  await confirm(page)
  const register = page.getByRole('button', { name: 'Register the new passkey' })
  await register.waitFor()
  // A key that is known already would answer first, and say so.
  await tab.swap()
  await register.click()
  await page.waitForURL('**/devices')
}

/** The one-time link's secret, which stands after `#`. */
export function secretOf(link: string): string {
  const secret = new URL(link).hash.slice(1)
  assert.match(secret, /^csl_[A-Za-z0-9_-]{43}$/)
  return secret
}
