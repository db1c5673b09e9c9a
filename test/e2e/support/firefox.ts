import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FIREFOX, find } from '../../../scripts/prerequisites.ts'
import { scratch } from '../../support/gateway.ts'
import { FirefoxTab } from './firefox-tab.ts'
import { Marionette } from './marionette.ts'

const PREFERENCES = {
  // Firefox picks a free port itself and writes it into the profile.
  'marionette.port': 0,
  // Keys are software, and none of the machine's own are asked.
  'security.webauth.webauthn_enable_softtoken': true,
  'security.webauth.webauthn_enable_usbtoken': false,
  'browser.startup.page': 0,
  'browser.aboutwelcome.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.enabled': false,
  // No name is looked up but ours, and nobody is spoken to but us: what goes elsewhere meets a closed port.
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': 9,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': 9,
}

/** What is beside Firefox in its little world, when it is more than `localhost`. */
export interface Surroundings {
  /** Names of this machine. */
  readonly hosts: readonly string[]
  /** The certificate, in PEM, of who vouches for them. */
  readonly authority: string
}

const TRUST = `
  Cc['@mozilla.org/security/x509certdb;1'].getService(Ci.nsIX509CertDB).addCertFromBase64(arguments[0], 'C,,')`

export interface Firefox extends AsyncDisposable {
  readonly version: string
  /** Its one tab. */
  readonly tab: FirefoxTab
}

/** A stock Firefox, headless, with a profile of its own and one key plugged in. `FIREFOX` names another binary. */
export async function launchFirefox(around?: Surroundings): Promise<Firefox> {
  const binary = find(FIREFOX)
  if (binary === undefined) throw new Error('no Firefox: install firefox-esr or set FIREFOX')
  const profile = scratch('firefox')
  const hosts = around?.hosts ?? []
  const preferences = {
    ...PREFERENCES,
    'network.dns.localDomains': hosts.join(),
    'network.proxy.no_proxies_on': ['localhost', '127.0.0.1', ...hosts].join(),
  }
  writeFileSync(
    join(profile, 'user.js'),
    Object.entries(preferences)
      .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
      .join(''),
  )
  const args = ['--marionette', '--headless', '--no-remote', '--profile', profile]
  // For what no page can do: read the browser's console, pick in its autofill.
  args.push('--remote-allow-system-access')
  const child = spawn(binary, args, {
    env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await once(child, 'spawn')
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = once(child, 'exit')
  const port = await portOf(profile, () => child.exitCode === null)
  if (port === undefined) {
    kill()
    throw new Error(`${binary} did not start: ${said}`)
  }
  const marionette = await Marionette.connect(port)
  const { capabilities } = await marionette.send('WebDriver:NewSession')
  if (around) await marionette.inBrowser(TRUST, [around.authority.replace(/-----.*-----|\s/g, '')])
  return {
    version: capabilities.browserVersion,
    tab: await FirefoxTab.open(marionette),
    async [Symbol.asyncDispose]() {
      marionette.send('Marionette:Quit', { flags: ['eForceQuit'] }).catch(() => {})
      await Promise.race([ended, sleep(10_000, undefined, { ref: false })])
      kill()
      await ended
      process.off('exit', kill)
      marionette[Symbol.dispose]()
    },
  }
}

/** The port that Firefox wrote into its profile, or undefined when it ends first or takes a minute. */
async function portOf(profile: string, isAlive: () => boolean): Promise<number | undefined> {
  for (const end = Date.now() + 60_000; isAlive() && Date.now() < end; await sleep(50)) {
    try {
      const text = readFileSync(join(profile, 'MarionetteActivePort'), 'utf8')
      if (/^\d+$/.test(text.trim())) return Number(text)
    } catch {
      // Not yet.
    }
  }
  return undefined
}
