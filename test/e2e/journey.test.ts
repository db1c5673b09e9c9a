import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { request } from 'undici'
import { forges } from '../support/forges.ts'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { Git, run, withPassword } from '../support/git.ts'
import { pushUnsigned } from '../support/held-push.ts'
import { type SkAgent, startAgent } from '../support/sk-agent.ts'
import { launchChromium } from './pages/browser.ts'
import { arrive, openTab, signIn, type Tab } from './pages/tab.ts'
import { addPasskey, addSshKey, confirm, getGitPassword, invite, secretOf } from './support/steps.ts'

let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser.close())

for (const forge of forges()) {
  // One story: each chapter goes on where the one before it ended.
  describe(`from the printed link to a push, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Tab
    let alice: Tab
    let git: Git
    let agent: SkAgent
    let password: string
    let repo: string
    const aliceHome = scratch('alice')
    let broken = false
    const chapter = (name: string, tell: (t: TestContext) => Promise<void>): void =>
      void test(name, async (t) => {
        assert.ok(!broken, 'a chapter before this one failed')
        broken = true
        await tell(t)
        broken = false
      })

    before(async () => {
      gateway = await startGateway({ env: forge.env })
      keeper = await openTab(browser)
      alice = await openTab(browser)
    })
    after(async () => {
      await keeper[Symbol.asyncDispose]()
      await alice[Symbol.asyncDispose]()
      agent?.close()
      await gateway.stop()
    })

    chapter('the printed link enrols the administrator, once', async (t) => {
      t.diagnostic(`forge: ${gateway.forge}`)
      assert.match(gateway.forge, forge.name === 'stand-in' ? /^stand-in$/ : /^gogs \d/)
      const secret = secretOf(gateway.enroll!)
      await arrive(keeper, gateway.portal, secret)
      assert.equal(await keeper.page.locator('h1').textContent(), 'Hello, keeper')
      await using stranger = await openTab(browser)
      await stranger.page.goto(gateway.enroll!)
      await stranger.page.getByRole('alert').filter({ hasText: 'unknown, used or too old' }).waitFor()
      assert.equal(await stranger.page.getByRole('button', { name: 'Register a passkey' }).isVisible(), false)
    })

    chapter('the button signs in, in a browser without passkeys in its autofill', async () => {
      await using plain = await openTab(browser)
      await plain.page.addInitScript(
        'PublicKeyCredential.isConditionalMediationAvailable = async () => false',
      )
      await plain.swap(await keeper.credentials())
      await plain.page.goto(`${gateway.portal}/sign-in`)
      await plain.page.getByRole('button', { name: 'Sign in with a passkey' }).click()
      await plain.page.waitForURL(`${gateway.portal}/`)
      assert.deepEqual(plain.errors, [])
    })

    chapter('the autofill of the name field signs in, without the button', async () => {
      await using plain = await openTab(browser)
      // Chromium offers the keys of the machine itself in the autofill, and one in software is picked at once.
      await plain.swap(await keeper.credentials(), 'internal')
      await plain.page.goto(`${gateway.portal}/sign-in`)
      await plain.page.waitForURL(`${gateway.portal}/`)
      assert.equal(await plain.page.locator('h1').textContent(), 'Hello, keeper')
    })

    chapter('the forge opens from the portal, and a deep link lands on the page it names', async () => {
      const { page } = keeper
      await page.goto(gateway.portal)
      await page.getByRole('link', { name: 'Open the forge' }).click()
      await page.waitForURL(`${gateway.url}/`)
      const sample = new URL(gateway.sample)
      await page.goto(gateway.sample.replace(/\.git$/, ''))
      assert.equal(new URL(page.url()).pathname, sample.pathname.replace(/\.git$/, ''))
      assert.match((await page.textContent('body')) ?? '', /README\.md/)
      const cookies = await keeper.context.cookies()
      const ours = cookies.filter(({ name }) => /^(countersign|cs_)/.test(name))
      assert.deepEqual(new Set(ours.map(({ domain }) => domain)), new Set(['localhost', '127.0.0.1']))
      assert.ok(ours.every(({ httpOnly, sameSite }) => httpOnly && sameSite === 'Lax'))

      const reader = await keeper.context.newPage()
      await keeper.context.clearCookies({ domain: '127.0.0.1' })
      await reader.goto(`${gateway.url}/keeper/hello/issues?state=open`)
      assert.equal(reader.url(), `${gateway.url}/keeper/hello/issues?state=open`)
      await reader.close()
    })

    chapter(
      'the administrator invites a person, who enrols and signs in in a browser of their own',
      async () => {
        const link = await invite(keeper, gateway.portal, 'alice')
        await arrive(alice, gateway.portal, secretOf(link))
        assert.equal(await alice.page.locator('h1').textContent(), 'Hello, alice')
        assert.equal((await alice.page.goto(`${gateway.portal}/people`))?.status(), 404)
        assert.equal((await alice.page.goto(`${gateway.url}/keeper/hello`))?.status(), 404)
        assert.equal(alice.page.url(), `${gateway.url}/keeper/hello`)
      },
    )

    chapter('she creates a repository on the forge’s own page', async () => {
      const { page } = alice
      await page.goto(`${gateway.url}/repo/create`)
      await page.locator('input[name=repo_name]').fill('notes')
      await page.getByRole('button', { name: /^create repository$/i }).click()
      await page.waitForURL(`${gateway.url}/alice/notes`)
      repo = `${gateway.url}/alice/notes.git`
    })

    chapter(
      'she adds a signing key by the printed command, and gets a git password that is shown once',
      async () => {
        agent = await startAgent(aliceHome)
        git = new Git(join(aliceHome, 'home'), agent.socket)
        await git.configure({})
        const lines = await addSshKey(alice, gateway.portal, agent, agent.addKey('ed25519-sk', 'id_sk'))
        assert.equal(lines.split('\n').length, 3)
        const typed = await run(['sh', '-ec', lines], { env: git.env })
        assert.equal(typed.code, 0, typed.stderr)
        password = await getGitPassword(alice, gateway.portal)
        assert.match(password, /^csp_[A-Za-z0-9_-]{43}$/)
        await alice.page.reload()
        assert.ok(!(await alice.page.content()).includes(password))
      },
    )

    chapter(
      'stock git pushes with a certificate, waits without one, and the forge shows the commit',
      async () => {
        await git.ok(git.home, 'clone', '-q', withPassword(repo, 'alice', password), 'work')
        const work = git.path('work')
        const commit = await git.commit(work, 'First notes', (dir) =>
          writeFileSync(join(dir, 'notes.txt'), 'one\n'),
        )
        const bare = pushUnsigned(git, work, 'origin', 'HEAD:refs/heads/bare')
        await bare.code
        bare.kill()
        await bare.done
        const pushed = await git.git(work, 'push', 'origin', 'HEAD:refs/heads/notes')
        assert.equal(pushed.code, 0, pushed.stderr)
        const refs = await git.ok(work, 'ls-remote', 'origin', 'refs/heads/*')
        assert.match(refs, new RegExp(`^${commit}\trefs/heads/notes$`, 'm'))
        assert.doesNotMatch(refs, /bare/)
        await alice.page.goto(`${gateway.url}/alice/notes/src/notes/notes.txt`)
        assert.match((await alice.page.textContent('body')) ?? '', /one/)
        await keeper.page.goto(`${gateway.portal}/ledger`)
        const types = await keeper.page.locator('td code').allTextContents()
        assert.ok(types.includes('intent') && types.includes('outcome'), types.join())
      },
    )

    chapter('sign-out ends both sessions, for cookies that somebody kept, too', async () => {
      const kept = (origin: string): Promise<string> =>
        keeper.context
          .cookies(origin)
          .then((list) => list.map(({ name, value }) => `${name}=${value}`).join('; '))
      const status = async (url: string, cookie: string): Promise<number> => {
        const answer = await request(url, { headers: { cookie, accept: 'text/html' } })
        await answer.body.dump()
        return answer.statusCode
      }
      await keeper.page.goto(`${gateway.url}/keeper/hello`)
      const forgeCookie = await kept(gateway.url)
      const portalCookie = await kept(gateway.portal)
      assert.equal(await status(`${gateway.url}/keeper/hello`, forgeCookie), 200)
      assert.equal(await status(`${gateway.portal}/devices`, portalCookie), 200)

      await keeper.page.goto(gateway.portal)
      await keeper.page.getByRole('button', { name: 'Sign out' }).click()
      await keeper.page.waitForURL('**/sign-in')
      assert.equal(await status(`${gateway.url}/keeper/hello`, forgeCookie), 303)
      assert.equal(await status(`${gateway.portal}/devices`, portalCookie), 303)
      await keeper.swap()
      await keeper.page.goto(`${gateway.url}/keeper/hello`)
      assert.match(keeper.page.url(), new RegExp(`^${gateway.portal}/sign-in\\?h=`))
    })

    chapter(
      'a disabled device’s browser is out at once, at both hosts, and so is its git password',
      async () => {
        await using other = await openTab(browser)
        await alice.page.goto(`${gateway.url}/alice/notes`)
        assert.equal(alice.page.url(), `${gateway.url}/alice/notes`)
        await addPasskey(alice, gateway.portal, 'second key')
        await other.swap(await alice.credentials())
        await other.page.goto(`${gateway.portal}/sign-in`)
        await signIn(other, gateway.portal)
        // Nothing left to sign in with by itself.
        await alice.swap()
        await git.ok(git.path('work'), 'ls-remote', 'origin')

        await other.page.goto(`${gateway.portal}/devices`)
        await other.page.getByRole('button', { name: 'Disable tab key' }).click()
        await confirm(other.page)
        await other.page.getByText('Disabled devices (1)').waitFor()

        await alice.page.goto(`${gateway.portal}/devices`)
        assert.equal(alice.page.url(), `${gateway.portal}/sign-in`)
        await alice.page.goto(`${gateway.url}/alice/notes`)
        assert.match(alice.page.url(), new RegExp(`^${gateway.portal}/sign-in\\?h=`))
        const denied = await git.git(git.path('work'), 'ls-remote', 'origin')
        assert.notEqual(denied.code, 0)
        await other.page.goto(`${gateway.url}/alice/notes`)
        assert.equal(other.page.url(), `${gateway.url}/alice/notes`)
      },
    )
  })
}
