import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { SK_ECDSA, writeEcdsaSkKey, writePublicKeyLine } from '../../src/core/ssh/public-key.ts'
import { signedData } from '../../src/core/ssh/sshsig.ts'
import { type Assertion, sshsigFromAssertion } from '../../src/core/ssh/webauthn-signature.ts'
import { forges } from '../support/forges.ts'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { Git, run, withPassword } from '../support/git.ts'
import { type HeldPush, pushUnsigned } from '../support/held-push.ts'
import { type Firefox, launchFirefox } from './support/firefox.ts'
import type { FirefoxTab } from './support/firefox-tab.ts'
import { secretOf } from './support/steps.ts'
import { startTwoHosts, type TwoHosts } from './support/two-hosts.ts'

// The second engine: what the journey shows in Chromium, as far as a browser has a say in it.

let firefox: Firefox
let tab: FirefoxTab
before(async () => {
  firefox = await launchFirefox()
  tab = firefox.tab
})
after(() => firefox[Symbol.asyncDispose]())

for (const forge of forges()) {
  // One story: each chapter goes on where the one before it ended.
  describe(`Firefox, from the printed link to a push approved by touch, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let password: string
    let git: Git
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
      await tab.key.swap()
    })
    after(() => gateway.stop())

    const signIn = async (): Promise<void> => {
      await tab.press('Sign in with a passkey')
      await tab.waitForUrl(`${gateway.portal}/`)
    }

    chapter('the printed link registers a passkey on the key, once', async (t) => {
      t.diagnostic(`Firefox ${firefox.version}, forge: ${gateway.forge}`)
      await tab.goto(gateway.enroll!)
      assert.equal(await tab.text('#name'), 'keeper')
      assert.ok(!(await tab.url()).includes(secretOf(gateway.enroll!)), 'the secret leaves the address bar')
      await tab.fill('#device', 'fox key')
      await tab.press('Register a passkey')
      await tab.waitForUrl(`${gateway.portal}/sign-in?new`)
      const [passkey, ...more] = await tab.key.credentials()
      assert.equal(passkey?.isResidentCredential, true)
      assert.equal(passkey.rpId, new URL(gateway.portal).hostname)
      assert.deepEqual(more, [])

      await tab.goto(gateway.enroll!)
      assert.match(await tab.text('#say'), /unknown, used or too old/)
      assert.equal(await tab.isVisible('#enrol'), false)
    })

    chapter('the button signs in, signs out, and signs in again, by the passkey alone', async () => {
      await tab.goto(`${gateway.portal}/sign-in`)
      await signIn()
      assert.equal(await tab.text('h1'), 'Hello, keeper')
      const ours = (await tab.cookies()).filter(({ name }) => /^(countersign|cs_)/.test(name))
      assert.equal(ours.length, 2)
      assert.ok(ours.every(({ httpOnly, sameSite }) => httpOnly && sameSite === 'Lax'))
      await tab.press('Sign out')
      await tab.waitForUrl(`${gateway.portal}/sign-in`)
      await tab.goto(`${gateway.portal}/devices`)
      assert.equal(await tab.url(), `${gateway.portal}/sign-in`)
      await signIn()
    })

    chapter('the autofill of the name field signs in, without the button', async () => {
      await tab.press('Sign out')
      await tab.waitForUrl(`${gateway.portal}/sign-in`)
      await tab.until('the page waits in the autofill', () => tab.key.pickInAutofill(gateway.portal))
      await tab.waitForUrl(`${gateway.portal}/`)
    })

    chapter('a key that does not know its person signs nothing, and the page says so', async () => {
      await tab.press('Sign out')
      await tab.waitForUrl(`${gateway.portal}/sign-in`)
      await tab.key.knowPerson(false)
      await tab.press('Sign in with a passkey')
      assert.match(await tab.text('#say'), /^Nothing was signed: /)
      assert.equal(await tab.url(), `${gateway.portal}/sign-in`)
      await tab.key.knowPerson(true)
      await signIn()
    })

    chapter('the forge opens from the portal, and a deep link lands on the page it names', async () => {
      await tab.press('Open the forge')
      await tab.waitForUrl(`${gateway.url}/`)
      const sample = gateway.sample.replace(/\.git$/, '')
      await tab.goto(sample)
      assert.equal(await tab.url(), sample)
      assert.match(await tab.text('body'), /README\.md/)
      await tab.forgetCookies()
      await tab.goto(`${sample}/issues?state=open`)
      assert.equal(await tab.url(), `${sample}/issues?state=open`)

      // Without a session at either host, the sign-in comes between, and ends on the same page.
      await tab.forgetCookies()
      await tab.goto(gateway.portal)
      await tab.forgetCookies()
      await tab.goto(`${sample}/issues?state=open`)
      assert.match(await tab.url(), new RegExp(`^${gateway.portal}/sign-in\\?h=`))
      await tab.press('Sign in with a passkey')
      await tab.waitForUrl(`${sample}/issues?state=open`)
    })

    chapter('stepping back from the dialog gets nothing; a touch gets a git password', async () => {
      await tab.goto(`${gateway.portal}/git-password`)
      await tab.press('Get a git password')
      assert.match(await tab.text('dialog pre'), /git-password/)
      await tab.press('Cancel')
      assert.equal(await tab.isVisible('dialog'), false)
      assert.equal(await tab.isVisible('#password'), false)

      await tab.press('Get a git password')
      await tab.press('Confirm with a passkey')
      password = await tab.text('#password')
      assert.match(password, /^csp_[A-Za-z0-9_-]{43}$/)
      await tab.click('[data-copy=password]')
      await tab.waitForText('[data-copy=password]', 'Copied')
      await tab.goto(`${gateway.portal}/git-password`)
      assert.ok(!(await tab.text('body')).includes(password))
    })

    chapter('stock git clones the sample with it', async () => {
      git = new Git(scratch('fox-git'), undefined)
      await git.configure({})
      await git.ok(git.home, 'clone', '-q', withPassword(gateway.sample, 'keeper', password), 'work')
      assert.match(readFileSync(git.path('work', 'README.md'), 'utf8'), /\S/)
    })

    /** A push of one new commit to `branch`, which waits. */
    const startPush = async (branch: string): Promise<HeldPush & { readonly commit: string }> => {
      const work = git.path('work')
      const commit = await git.commit(work, `For ${branch}`, (dir) =>
        writeFileSync(join(dir, `${branch}.txt`), `${branch}\n`),
      )
      const push = pushUnsigned(git, work, 'origin', `HEAD:refs/heads/${branch}`)
      await push.code
      return { ...push, commit }
    }
    /** The same, with its page open in the tab. */
    const lookAtPush = async (branch: string): ReturnType<typeof startPush> => {
      const push = await startPush(branch)
      await tab.goto(`${gateway.portal}/a/${await push.code}`)
      await tab.waitForText('.saw', 'You see: the whole diff')
      return push
    }

    chapter('a push waits, is looked at, and lands by a touch on its page', async () => {
      const { commit, done } = await lookAtPush('touched')
      assert.match(await tab.text('.refs'), /touched/)
      assert.match(await tab.text('.change'), /For touched/)
      await tab.click('#approve button.main')
      await tab.waitForText('#title', 'It landed')
      const { code, stderr } = await done
      assert.equal(code, 0, stderr)
      assert.match(
        await git.ok(git.path('work'), 'ls-remote', 'origin', 'refs/heads/touched'),
        new RegExp(`^${commit}`),
      )
    })

    chapter('the pop-up of its page refuses a push, and git says why', async () => {
      const { done } = await lookAtPush('unwanted')
      await tab.press('Refuse')
      await tab.fill('#refuse:popover-open #why', 'not today')
      await tab.press('Refuse the push')
      await tab.waitForText('#title', 'You refused it')
      const { code, stderr } = await done
      assert.notEqual(code, 0)
      assert.match(stderr, /not today/)
    })

    chapter('one touch approves two pushes together', async () => {
      const pushes = [await startPush('first'), await startPush('second')]
      await tab.goto(`${gateway.portal}/pending`)
      await tab.press('Approve these 2 with one touch')
      assert.match(await tab.text('dialog pre'), /push\.batch/)
      await tab.press('Confirm with a passkey')
      await tab.waitForText('#heard', '2 approved.')
      for (const { done } of pushes) {
        const { code, stderr } = await done
        assert.equal(code, 0, stderr)
      }
      await tab.waitForText('.empty', /^Nothing waits/)
      assert.equal(await tab.text('#heard'), '2 approved.', 'the list that came after it leaves it standing')
    })

    chapter('the page hears by the event stream that the client left', async () => {
      const { kill } = await lookAtPush('left')
      kill()
      await tab.waitForText('#title', 'The client left')
      const asked: string[] = await tab.evaluate(
        'return performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname)',
      )
      assert.deepEqual(
        asked.filter((path) => path.endsWith('/state')),
        [],
        'it did not have to ask again and again',
      )
    })

    chapter('a touch on a push certificate is a signature that stock ssh-keygen checks', async () => {
      const certificate = Buffer.from('certificate version 0.1\n')
      await tab.goto(gateway.portal)
      const touch = await touchFor(tab, signedData('git', 'sha512', certificate))
      const [passkey] = await tab.key.credentials()
      const { rpId } = passkey!
      const point = pointOf(passkey!.privateKey)
      const assertion = { point, rpId, origin: gateway.portal, ...touch }
      const dir = scratch('fox-touch')
      writeFileSync(join(dir, 'touch.sig'), sshsigFromAssertion(assertion, 'git')!)
      const line = writePublicKeyLine({ type: SK_ECDSA, blob: writeEcdsaSkKey(point, rpId) })
      writeFileSync(join(dir, 'signers'), `keeper ${line}\n`)
      const check = (input: Buffer) =>
        run(['ssh-keygen', '-Y', 'verify', '-n', 'git', '-I', 'keeper', '-f', 'signers', '-s', 'touch.sig'], {
          cwd: dir,
          input,
        })
      assert.match((await check(certificate)).stdout, /^Good "git" signature for keeper/)
      assert.notEqual((await check(Buffer.from('certificate version 0.2\n'))).code, 0)
    })

    chapter('a key that is registered already is not registered twice; another one is', async () => {
      await tab.goto(`${gateway.portal}/devices/add-passkey`)
      await tab.fill('input[name=name]', 'second key')
      await tab.press('Continue')
      await tab.press('Confirm with a passkey')
      await tab.press('Register the new passkey')
      assert.match(await tab.text('dialog .say'), /already has a passkey/)
      await tab.key.swap()
      await tab.press('Register the new passkey')
      await tab.waitForUrl(`${gateway.portal}/devices`)
      assert.match(await tab.text('main'), /second key/)
    })

    chapter('the pop-up renames a device', async () => {
      await tab.goto(`${gateway.portal}/devices`)
      assert.equal(await tab.isVisible('[popover]'), false)
      await tab.press('Rename')
      await tab.fill('[popover]:popover-open input[name=name]', 'fox key two')
      await tab.press('Save')
      await tab.waitForText('h2', 'fox key two')
      assert.equal(await tab.isVisible('[popover]'), false)
    })

    chapter('the console holds no complaint about our pages', async () => {
      assert.deepEqual(await tab.complaints(gateway.portal), [])
      // It would hold one: the policy of our pages lets no script in that is not ours.
      await tab.evaluate(
        'document.body.append(Object.assign(document.createElement("script"), { textContent: "1" }))',
      )
      await tab.until('the console says so', async () =>
        (await tab.complaints(gateway.portal)).join().includes('Content-Security-Policy'),
      )
    })
  })
}

/** What the key signs for the page when it is asked for `challenge`. */
async function touchFor(
  tab: FirefoxTab,
  challenge: Buffer,
): Promise<Pick<Assertion, 'authenticatorData' | 'clientDataJSON' | 'signature'>> {
  const parts: readonly string[] = await tab.evaluate(
    `const publicKey = { challenge: new Uint8Array(arguments[0]), userVerification: 'required' }
    const { response } = await navigator.credentials.get({ publicKey })
    return [response.authenticatorData, response.clientDataJSON, response.signature].map((part) =>
      new Uint8Array(part).toBase64())`,
    [[...challenge]],
  )
  const [authenticatorData, clientDataJSON, signature] = parts.map((part) => Buffer.from(part, 'base64'))
  return { authenticatorData: authenticatorData!, clientDataJSON: clientDataJSON!, signature: signature! }
}

/** The uncompressed public point of a P-256 key, from its PKCS #8 in base64url. */
function pointOf(privateKey: string): Buffer {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64url'), format: 'der', type: 'pkcs8' })
  const { x, y } = key.export({ format: 'jwk' })
  return Buffer.concat([Buffer.of(4), Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')])
}

describe('two hosts of one site in Firefox, which does not obey Permissions-Policy', () => {
  let hosts: TwoHosts
  let fox: Firefox
  before(async () => {
    hosts = await startTwoHosts({ COUNTERSIGN_FORGE: 'stand-in' })
    fox = await launchFirefox(hosts.firefox)
  })
  after(async () => {
    await fox[Symbol.asyncDispose]()
    await hosts.gateway.stop()
  })

  test('a page of the forge gets nothing signed by the portal’s passkey, and registers none for it', async () => {
    const { tab } = fox
    const { portal, url, enroll } = hosts.gateway
    await tab.goto(enroll!)
    await tab.fill('#device', 'fox key')
    await tab.press('Register a passkey')
    await tab.waitForUrl(`${portal}/sign-in?new`)
    await tab.press('Sign in with a passkey')
    await tab.waitForUrl(`${portal}/`)
    await tab.press('Open the forge')
    await tab.waitForUrl(`${url}/`)

    const attack = (call: 'get' | 'create', rpId: string): Promise<string> =>
      tab.evaluate(
        `const [call, id] = arguments
        const challenge = new Uint8Array(32)
        const publicKey = {
          get: { challenge, rpId: id, userVerification: 'required', timeout: 3000 },
          create: {
            challenge,
            timeout: 3000,
            rp: { name: 'Portal', id },
            user: { id: new Uint8Array(16), name: 'victim', displayName: 'victim' },
            pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
          },
        }[call]
        return navigator.credentials[call]({ publicKey }).then((made) => made.type, (error) => error.name)`,
        [call, rpId],
      )
    const was = await tab.key.credentials()
    const [host, portalHost] = [new URL(url).hostname, new URL(portal).hostname]
    assert.equal(await attack('get', portalHost), 'SecurityError')
    assert.equal(await attack('create', portalHost), 'SecurityError')
    for (const other of [host, 'gw.test']) assert.equal(await attack('get', other), 'NotAllowedError')
    assert.deepEqual(
      was.map(({ rpId }) => rpId),
      [portalHost],
    )
    assert.deepEqual(await tab.key.credentials(), was, 'not even a count of signatures moved')
    await tab.goto(portal)
    assert.equal(await attack('get', portalHost), 'public-key', 'the portal’s own page gets one')
  })
})
