import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { forges } from '../support/forges.ts'
import { scratch } from '../support/gateway.ts'
import { Git, withPassword } from '../support/git.ts'
import { type SkAgent, startAgent } from '../support/sk-agent.ts'
import { launchChromium } from './pages/browser.ts'
import { arrive, openTab, plugIn, type Tab } from './pages/tab.ts'
import { addSshKey, getGitPassword, secretOf } from './support/steps.ts'
import { startTwoHosts, type TwoHosts } from './support/two-hosts.ts'

const SCRIPT = readFileSync(join(import.meta.dirname, 'support', 'injected.js'), 'utf8')
const ZERO = '0'.repeat(40)

type Report = Record<string, string | number>
interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
}

for (const forge of forges()) {
  // The victim may do everything here: administrator of the portal, owner of the repository.
  describe(`a script in a page of the forge, run by its owner, in front of ${forge.name}`, () => {
    let hosts: TwoHosts
    let browser: Browser
    let victim: Tab
    let agent: SkAgent
    let report: Report
    let cookies: { name: string; value: string; httpOnly: boolean; domain: string; sameSite: string }[]
    let refs: () => Promise<string>
    let holdings: () => Promise<object>
    let was: { refs: string; holdings: object }
    let framed = ''
    const asked: Asked[] = []
    const results = (name: RegExp): [string, string | number][] => {
      const found = Object.entries(report).filter(([key]) => name.test(key))
      assert.notEqual(found.length, 0, `the script tried nothing like ${name}`)
      return found
    }

    before(async () => {
      const inject = join(scratch('inject'), 'script.js')
      writeFileSync(inject, '')
      hosts = await startTwoHosts({ ...forge.env, COUNTERSIGN_INJECT: inject })
      const { gateway } = hosts
      browser = await launchChromium(hosts.switches)
      victim = await openTab(browser)
      const { page, context } = victim
      await arrive(victim, gateway.portal, secretOf(gateway.enroll!))

      const home = scratch('victim')
      agent = await startAgent(home)
      const git = new Git(join(home, 'home'), agent.socket)
      Object.assign(git.env, hosts.gitEnv)
      const key = agent.addKey('ed25519-sk', 'id_sk')
      await git.configure({
        ...hosts.gitConfig,
        'gpg.format': 'ssh',
        'user.signingkey': key.path,
        'push.gpgSign': 'if-asked',
      })
      await addSshKey(victim, gateway.portal, agent, key)
      const password = await getGitPassword(victim, gateway.portal)
      await git.ok(git.home, 'clone', '-q', withPassword(gateway.sample, 'keeper', password), 'work')
      const work = git.path('work')
      const commit = await git.ok(work, 'rev-parse', 'HEAD')
      const topic = await git.commit(work, 'A worker', (dir) =>
        writeFileSync(join(dir, 'sw.js'), 'onfetch = () => {}\n'),
      )
      await git.ok(work, 'push', 'origin', 'HEAD:refs/heads/topic')
      refs = () => git.ok(work, 'ls-remote', 'origin')
      holdings = () => holdingsOf(victim, gateway.portal)

      await page.goto(`${gateway.portal}/git-password`)
      const end = await page.locator('form[action$="/end"]').getAttribute('action')
      await page.goto(`${gateway.portal}/devices`)
      const rename = await page.locator('form[action$="/rename"]').first().getAttribute('action')
      const other = agent.addKey('ed25519-sk', 'id_other')
      const wipe = `${topic} ${ZERO} refs/heads/topic\0report-status`
      const targets = {
        portal: gateway.portal,
        portalHost: new URL(gateway.portal).hostname,
        host: new URL(gateway.url).hostname,
        repo: '/keeper/hello',
        branch: await git.ok(work, 'branch', '--show-current'),
        commit,
        password: end!.split('/').at(-2),
        device: rename!.split('/').at(-2),
        sshKey: { key: other.line, path: other.path },
        push: `${(wipe.length + 4).toString(16).padStart(4, '0')}${wipe}0000`,
        asset: forge.name === 'stand-in' ? '/css/stand-in.css' : '/js/gogs.js',
      }
      was = { refs: await refs(), holdings: await holdings() }

      const script = `const TARGETS = ${JSON.stringify(targets)}\n${SCRIPT}`
      const credentials = await victim.credentials()
      assert.notEqual(credentials.length, 0)
      const plugged = new Set<Page>([page])
      await context.exposeFunction('plugKeys', async () => {
        for (const opened of context.pages()) {
          if (plugged.has(opened)) continue
          plugged.add(opened)
          const cdp = await context.newCDPSession(opened)
          await cdp.send('WebAuthn.enable')
          await plugIn(cdp, credentials)
        }
      })
      await listen(page, gateway.portal, asked)
      if (forge.name === 'stand-in') writeFileSync(inject, script)
      await page.goto(`${gateway.url}/keeper/hello`)
      // The real Gogs has no place for a script; from inside the page it is the same.
      if (forge.name !== 'stand-in') await page.addScriptTag({ content: script })
      await page.waitForFunction('window.attackReport', undefined, { timeout: 60_000 })
      report = (await page.evaluate('window.attackReport')) as Report
      framed =
        (await page
          .frames()
          .find((frame) => frame.name() === 'framed-portal')
          ?.content()) ?? ''
      writeFileSync(inject, '')
      cookies = await context.cookies()
    })
    after(async () => {
      await victim?.[Symbol.asyncDispose]()
      await browser?.close()
      agent?.close()
      await hosts?.gateway.stop()
    })

    test('it runs as the victim: reads pages, opens an issue and comments', async (t) => {
      t.diagnostic(`forge: ${hosts.gateway.forge}`)
      assert.match(String(report['can read its page']), /README\.md/)
      assert.equal(report['can read another page'], 200)
      assert.equal(report['can open an issue'], '200 /keeper/hello/issues/1')
      assert.equal(report['can comment'], '200 true')
      await victim.page.goto(`${hosts.gateway.url}/keeper/hello/issues/1`)
      assert.match((await victim.page.textContent('body')) ?? '', /planted comment/)
    })

    test('no ceremony for the portal’s RP ID, wherever the script runs it', () => {
      const { hostname } = new URL(hosts.gateway.portal)
      const tries = results(/^ceremony /).filter(([name]) => name.includes(` ${hostname} `))
      assert.equal(tries.length, 6)
      for (const [name, came] of [...tries, ...results(/^ceremony get by autofill/)])
        assert.match(String(came), /^(?:NotAllowedError|SecurityError)/, `${name}: ${came}`)
      // A window that it opens itself is under no Permissions-Policy: there the RP ID alone is the barrier.
      for (const [name, came] of tries.filter(([name]) => name.endsWith('in popup')))
        assert.match(String(came), /^SecurityError: The relying party ID/, `${name}: ${came}`)
    })

    test('no ceremony for its own host or the site’s, in its page and in frames', () => {
      for (const [name, came] of results(/^ceremony .* in (?:page|frame)$/))
        assert.match(String(came), /^NotAllowedError: The 'publickey-credentials-/, `${name}: ${came}`)
      // The keys asked and would have answered: in its own window, its own host makes a key that nobody knows.
      assert.equal(report['ceremony create undefined in popup'], 'GOT public-key')
    })

    test('no session cookie: neither to be read nor to be replaced', () => {
      const secrets = cookies.filter(({ name }) => name.startsWith('__Host-c'))
      const of = (name: string) => secrets.find((cookie) => cookie.name === name)
      assert.deepEqual(of('__Host-countersign')?.domain, new URL(hosts.gateway.portal).hostname)
      assert.deepEqual(of('__Host-countersign-forge')?.domain, new URL(hosts.gateway.url).hostname)
      assert.equal(secrets.filter(({ name }) => name === '__Host-countersign').length, 1)
      assert.notEqual(of('__Host-countersign')?.value, 'A'.repeat(43))
      for (const { name, value, httpOnly } of secrets) {
        assert.ok(httpOnly, name)
        assert.ok(!JSON.stringify(report).includes(value), `the script has the value of ${name}`)
      }
      for (const [name, came] of results(/cookie/i)) assert.doesNotMatch(String(came), /__Host-c/, name)
    })

    test('no answer of the portal: not by fetch, script, image, frame or window', () => {
      for (const [name, came] of results(/^portal (?:GET|POST) /))
        assert.match(String(came), /^TypeError/, name)
      assert.equal(report['portal as script'], 'error')
      assert.equal(report['portal as image'], 'error')
      assert.equal(report['portal in a frame'], 'null')
      assert.doesNotMatch(framed, /Your devices/)
      assert.match(String(report['portal in a window']), /^SecurityError|^closed to its opener|^nothing came/)
    })

    test('what reached the portal had the victim’s cookie, since both hosts are one site; the Origin check refused it', () => {
      const posts = asked.filter(({ method }) => method === 'POST')
      const withCookie = posts.filter(({ headers }) => /__Host-countersign=/.test(headers['cookie'] ?? ''))
      const origins = new Set(withCookie.map(({ headers }) => headers['origin']))
      assert.deepEqual(origins, new Set([hosts.gateway.url]))
      for (const { headers } of withCookie) assert.equal(headers['sec-fetch-site'], 'same-site')
      const refused = hosts.gateway
        .log()
        .split('\n')
        .filter((line) => line.includes('refused at the portal') && line.includes('"cross-site"'))
      for (const path of new Set(withCookie.map(({ path }) => path))) {
        const sent = withCookie.filter((one) => one.path === path).length
        const denied = refused.filter((line) => line.includes(`"path":"${path}"`)).length
        assert.ok(sent > 0 && denied >= sent, `${path}: ${sent} sent, ${denied} refused`)
      }
      assert.ok(withCookie.some(({ path }) => path === '/sign-out'))
      assert.ok(withCookie.some(({ path }) => /^\/git-password\/.+\/end$/.test(path)))
      assert.ok(cookies.every(({ name, sameSite }) => !/^__Host-c/.test(name) || sameSite === 'Lax'))
    })

    test('no form to the portal', () => {
      for (const [name, came] of results(/^form /)) assert.equal(came, 'blocked by form-action', name)
    })

    test('no change of code or permission by any page or interface of the forge', async () => {
      for (const [name, came] of results(/^change /))
        assert.match(String(came), /^4\d\d basic .*(?:urn:countersign:|password)/, `${name}: ${came}`)
      assert.equal(await refs(), was.refs)
    })

    test('no service worker', () => {
      for (const [name, came] of results(/^service worker /))
        assert.doesNotMatch(String(came), /REGISTERED|nothing came/, name)
      assert.equal(report['service workers'], '0')
    })

    test('the portal holds what it held: devices, people, git passwords, sessions; and all of it still works', async () => {
      assert.deepEqual(await holdings(), was.holdings)
      // The very request that was refused, from the portal's own page.
      await victim.page.goto(`${hosts.gateway.portal}/git-password`)
      await victim.page.getByRole('button', { name: 'End' }).click()
      await victim.page.waitForURL('**/git-password')
      assert.equal(await victim.page.locator('form[action$="/end"]').count(), 0)
      await assert.rejects(refs())
      await victim.page.getByRole('button', { name: 'Sign out' }).click()
      await victim.page.waitForURL('**/sign-in')
    })
  })
}

/** What somebody who got through to the portal would have changed. */
async function holdingsOf({ page }: Tab, portal: string): Promise<object> {
  const texts = async (path: string, selector: string): Promise<string[]> => {
    const answer = await page.goto(portal + path)
    assert.equal(answer?.status(), 200, path)
    return page.locator(selector).allTextContents()
  }
  const devices = await texts('/devices', 'main h2')
  const people = await texts('/people', '.list h2')
  const passwords = (await texts('/git-password', '.list li')).length
  const sessions = (await texts('/sessions', '.list li')).length
  return { devices, people, passwords, sessions }
}

/** Note what this page asks of `portal`, with the fields that the network stack added: cookies, origin, site. */
async function listen(page: Page, portal: string, asked: Asked[]): Promise<void> {
  const cdp = await page.context().newCDPSession(page)
  const urls = new Map<string, { method: string; url: string }>()
  const fields = new Map<string, Record<string, string>>()
  const settle = (id: string): void => {
    const [request, headers] = [urls.get(id), fields.get(id)]
    if (!request || !headers || new URL(request.url).origin !== portal) return
    asked.push({ method: request.method, path: new URL(request.url).pathname, headers })
  }
  cdp.on('Network.requestWillBeSent', ({ requestId, request }) => {
    urls.set(requestId, request)
    settle(requestId)
  })
  cdp.on('Network.requestWillBeSentExtraInfo', ({ requestId, headers }) => {
    fields.set(
      requestId,
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)])),
    )
    settle(requestId)
  })
  await cdp.send('Network.enable')
}
