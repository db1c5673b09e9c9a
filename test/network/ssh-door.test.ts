import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { checkLogin } from '../../src/core/ssh/auth-request.ts'
import { verifyHostSignature } from '../../src/core/ssh/host-key.ts'
import { MSG } from '../../src/core/ssh/message.ts'
import { SK_ED25519 } from '../../src/core/ssh/public-key.ts'
import { repositoryOf } from '../support/blobs.ts'
import { forges } from '../support/forges.ts'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { type GitResult, run } from '../support/git.ts'
import { approvePush, pushAndTouch, pushUnsigned } from '../support/held-push.ts'
import { ledgerEntries } from '../support/ledger-entries.ts'
import { rawPush, signedIn, sshPort, sshUrl, useSsh } from '../support/over-ssh.ts'
import { type MatrixBed, pushMatrix } from '../support/push-matrix.ts'
import { addSigningKey, enrolledPerson, inviteLink, type Pusher, pusher } from '../support/pusher.ts'
import { advertised, certifiedBody, certify, plainBody, ZERO } from '../support/raw-push.ts'
import { softKey } from '../support/sk-agent.ts'
import { RawSsh } from '../support/ssh-client.ts'

const cli = join(import.meta.dirname, '..', '..', 'countersign')

for (const forge of forges()) {
  describe(`git over ssh, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Pusher
    let work: string
    let sample: string
    let path: string

    before(async () => {
      gateway = await startGateway({ env: forge.env })
      keeper = await pusher(gateway, 'keeper', gateway.enroll!)
      await useSsh(keeper.git, keeper.person, gateway)
      sample = sshUrl(gateway, gateway.sample)
      path = new URL(sample).pathname
      await keeper.git.ok(keeper.git.home, 'clone', '-q', sample, 'work')
      work = keeper.git.path('work')
    })
    after(() => gateway.stop())

    const entries = (type: string): Promise<Record<string, any>[]> => ledgerEntries(gateway.home, type)
    const tip = (): Promise<string> => keeper.git.ok(work, 'rev-parse', 'origin/main')
    const refs = (): Promise<string> => keeper.git.ok(work, 'ls-remote', 'origin')
    const commit = (name: string): Promise<string> =>
      keeper.git.commit(work, name, (dir) =>
        writeFileSync(join(dir, `${name}.txt`), `${name} ${Math.random()}`),
      )
    /** The matrix of pushes, with addresses of this door. */
    const bed = (push: MatrixBed['push']): MatrixBed => ({
      gateway: { ...gateway, sample },
      keeper: { ...keeper, remote: (url) => url },
      work,
      push,
    })

    describe('signed by git itself', () => {
      pushMatrix(() => bed((dir, ...args) => keeper.git.git(dir, 'push', ...args)))
      test('by an ECDSA security key, which alone signs in, too', async () => {
        const key = keeper.agent.addKey('ecdsa-sk', 'ecdsa')
        await addSigningKey(keeper.person, keeper.agent, key)
        const only = `${keeper.git.env['GIT_SSH_COMMAND']} -o IdentitiesOnly=yes -i ${key.path}`
        const argv = ['-c', `core.sshCommand=${only}`, '-c', `user.signingkey=${key.path}`]
        const { GIT_SSH_COMMAND: _, ...env } = keeper.git.env
        const pushed = await run(['git', ...argv, 'push', 'origin', 'HEAD:ecdsa'], { cwd: work, env })
        assert.equal(pushed.code, 0, pushed.stderr)
        const intent = (await entries('intent')).at(-1)!
        assert.equal(intent['device'].credential, key.fingerprint)
      })
    })

    describe('held for one touch', () => {
      test('a push, its deletion, and one from another clone', async () => {
        await commit('held')
        for (const refspec of ['HEAD:refs/heads/held', ':refs/heads/held']) {
          const pushed = await pushAndTouch(keeper.person, keeper.git, work, 'origin', refspec)
          assert.equal(pushed.code, 0, pushed.stderr)
        }
        assert.doesNotMatch(await refs(), /refs\/heads\/held/)
      })
      test('Ctrl-C ends it, and nothing lands', async () => {
        await commit('left')
        const held = pushUnsigned(keeper.git, work, 'origin', 'HEAD:refs/heads/left')
        const code = await held.code
        held.kill()
        await held.done
        for (let tries = 0; tries < 100; tries++) {
          if ((await entries('hold.end')).at(-1)?.['end'] === 'gone') break
          await wait(50)
        }
        assert.equal((await entries('hold.end')).at(-1)?.['end'], 'gone')
        assert.notEqual((await approvePush(keeper.person, code)).status, 200)
        assert.doesNotMatch(await refs(), /refs\/heads\/left/)
      })
    })

    describe('evidence', () => {
      test('one entry a connection, checked anew by anybody; every push names it', async () => {
        await commit('evident')
        await keeper.git.ok(work, 'push', 'origin', 'HEAD:refs/heads/evident')
        const intent = (await entries('intent')).at(-1)!
        assert.equal(intent['door'], 'git-ssh')
        const login = (await entries('ssh.login')).find(({ session }) => intent['via'] === `ssh:${session}`)!
        const bytes = (name: string): Buffer => Buffer.from(login[name], 'base64')
        const checked = checkLogin({
          sessionId: Buffer.from(login['session'], 'hex'),
          signed: bytes('signed'),
          signature: bytes('signature'),
          hostKey: bytes('hostKey'),
          hostSignature: bytes('hostSignature'),
        })
        assert.ok(checked.ok)
        assert.equal(checked.value.key.fingerprint, login['device'].credential)
        assert.equal(checked.value.up, true)
        // OpenSSH names the host key in what it signs, when it is offered to.
        assert.match(bytes('signed').toString('latin1'), /publickey-hostbound-v00@openssh\.com/)
        assert.ok(
          verifyHostSignature(bytes('hostKey'), bytes('hostSignature'), Buffer.from(login['session'], 'hex')),
        )
      })
      test('a signed push is a bundle that verifies', async () => {
        const pushed = await commit('bundled')
        await keeper.git.ok(work, 'push', 'origin', 'HEAD:refs/heads/bundled')
        const dir = scratch('ssh-evidence')
        const file = (name: string): string => join(dir, name)
        writeFileSync(
          file('trust.json'),
          (await run([cli, 'ledger', 'trust', '--home', gateway.home])).stdout,
        )
        const exported = await run([
          cli,
          'evidence',
          'export',
          pushed,
          '--home',
          gateway.home,
          '-o',
          file('b.json'),
        ])
        assert.equal(exported.code, 0, exported.stderr)
        const verified = await run([cli, 'verify', file('b.json'), '--trust', file('trust.json')])
        assert.equal(verified.code, 0, verified.stdout)
      })
    })

    describe('fetch', () => {
      test('histories that parted: only what is missing travels', async () => {
        await keeper.git.ok(keeper.git.home, 'clone', '-q', sample, 'other')
        const other = keeper.git.path('other')
        await keeper.git.ok(work, 'fetch', '-q')
        await keeper.git.ok(work, 'checkout', '-q', '-B', 'long', 'origin/main')
        for (let n = 0; n < 40; n++)
          await keeper.git.ok(work, 'commit', '-q', '--allow-empty', '-m', `theirs ${n}`)
        for (let n = 0; n < 60; n++)
          await keeper.git.ok(other, 'commit', '-q', '--allow-empty', '-m', `ours ${n}`)
        await keeper.git.ok(work, 'push', '-q', 'origin', 'long')
        const fetched = await keeper.git.git(other, 'fetch', 'origin', 'long')
        assert.equal(fetched.code, 0, fetched.stderr)
        const theirs = await keeper.git.ok(work, 'rev-parse', 'long')
        assert.equal(await keeper.git.ok(other, 'rev-parse', 'FETCH_HEAD'), theirs)
        await keeper.git.ok(other, 'fsck', '--strict')
        await keeper.git.ok(work, 'checkout', '-q', 'main')
      })
      test('shallow, then deeper, then whole', async () => {
        const at = (...args: string[]): Promise<string> => keeper.git.ok(keeper.git.path('thin'), ...args)
        await keeper.git.ok(keeper.git.home, 'clone', '-q', '--depth', '2', '-b', 'long', sample, 'thin')
        assert.equal(await at('rev-list', '--count', 'HEAD'), '2')
        await at('fetch', '-q', '--depth', '5')
        assert.equal(await at('rev-list', '--count', 'HEAD'), '5')
        await at('fetch', '-q', '--unshallow')
        assert.equal(
          await at('rev-list', '--count', 'HEAD'),
          await keeper.git.ok(work, 'rev-list', '--count', 'long'),
        )
        await at('fetch', '-q', '--tags')
        await at('fsck', '--strict')
      })
      test('nothing new; one branch; a name that is not there', async () => {
        await keeper.git.ok(work, 'fetch', '-q')
        const again = await keeper.git.git(work, 'fetch')
        assert.deepEqual([again.code, again.stdout], [0, ''])
        await keeper.git.ok(keeper.git.home, 'clone', '-q', '--single-branch', '-b', 'long', sample, 'single')
        const missing = await keeper.git.git(work, 'fetch', 'origin', 'nowhere')
        assert.notEqual(missing.code, 0)
      })
      test('64 MiB come whole', async () => {
        const dir = await repositoryOf(keeper.git, 'large', 64)
        await keeper.git.ok(dir, 'push', '-q', sample, 'HEAD:refs/heads/large')
        await keeper.git.ok(
          keeper.git.home,
          'clone',
          '-q',
          '--single-branch',
          '-b',
          'large',
          sample,
          'large-again',
        )
        assert.equal(
          await keeper.git.ok(keeper.git.path('large-again'), 'rev-parse', 'HEAD'),
          await keeper.git.ok(dir, 'rev-parse', 'HEAD'),
        )
      })
      test('bytes that git would not send end it', async () => {
        const ssh = await signedIn(gateway, keeper.key)
        for (const input of [
          'zzzz',
          '000fhave 12345\n',
          '0032want 0000000000000000000000000000000000000000\n0009done\n',
          '0008quux',
        ])
          assert.match((await ssh.exec(`git-upload-pack '${path}'`, Buffer.from(input))).out, /ERR |^00/)
        assert.equal((await ssh.exec(`git-upload-pack '${path}'`, Buffer.from('0000'))).code, 0)
        ssh.close()
      })
    })

    describe('who it is', () => {
      const ssh = (...args: readonly string[]): Promise<GitResult> =>
        run(
          [
            'sh',
            '-c',
            `exec ${keeper.git.env['GIT_SSH_COMMAND']} "$@"`,
            'ssh',
            '-T',
            '-p',
            String(sshPort(gateway)),
            ...args,
          ],
          {
            env: keeper.git.env,
          },
        )

      test('the key says it, whatever name is typed', async () => {
        for (const user of ['git', 'keeper', 'root', 'nobody']) {
          const hello = await ssh(`${user}@127.0.0.1`)
          assert.equal(hello.code, 0, hello.stderr)
          assert.match(hello.stdout, /^Hello keeper, by the key "Soft key"\./)
        }
      })
      test('nothing but git', async () => {
        for (const command of [
          'ls',
          'bash -i',
          'git-lfs-authenticate keeper/hello.git upload',
          'scp -t /',
          'git config -l',
        ]) {
          const refused = await ssh('git@127.0.0.1', command)
          assert.equal(refused.code, 1)
          assert.equal(refused.stderr, 'There is nothing here but git: clone, fetch and push.\n')
        }
        const sftp = await ssh('git@127.0.0.1', '-s', 'sftp')
        assert.equal(sftp.code, 1)
        assert.match(sftp.stderr, /nothing here but git/)
        const forwarded = await ssh('-o', 'ExitOnForwardFailure=yes', '-R', '0:127.0.0.1:1', 'git@127.0.0.1')
        assert.notEqual(forwarded.code, 0)
      })
      test('a key that is not touched, a key nobody enrolled, a plain key', async () => {
        const before = (await entries('ssh.login')).length
        keeper.key.flags = 0
        const untouched = await ssh('-o', 'IdentitiesOnly=yes', '-i', keeper.key.path, 'git@127.0.0.1')
        keeper.key.flags = 1
        assert.equal(untouched.code, 255)
        assert.match(untouched.stderr, /signed without being touched/)
        for (let tries = 0; tries < 50 && (await entries('decision')).at(-1)?.['door'] !== 'git-ssh'; tries++)
          await wait(50)
        assert.equal((await entries('decision')).at(-1)?.['door'], 'git-ssh')
        const stranger = keeper.agent.addKey('ed25519-sk', 'stranger')
        const unknown = await ssh('-o', 'IdentitiesOnly=yes', '-i', stranger.path, 'git@127.0.0.1')
        assert.equal(unknown.code, 255)
        const plain = join(scratch('plain'), 'id')
        await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', plain])
        const refused = await ssh(
          '-o',
          'IdentitiesOnly=yes',
          '-o',
          'IdentityAgent=none',
          '-i',
          plain,
          'git@127.0.0.1',
        )
        assert.equal(refused.code, 255)
        assert.match(refused.stderr, /fido2-security-keys-only/)
        assert.equal((await entries('ssh.login')).length, before)
      })
      test('with PIN: it is in the record, and policy may ask for it', async () => {
        keeper.key.flags = 5
        await ssh('-o', 'IdentitiesOnly=yes', '-i', keeper.key.path, 'git@127.0.0.1')
        keeper.key.flags = 1
        assert.deepEqual((await entries('ssh.login')).at(-1)?.['proof'].uv, true)
      })
      test('a counter that goes back is a signal on record, and refuses nothing', async () => {
        const { counter } = keeper.key
        keeper.key.counter = 1
        const hello = await ssh('-o', 'IdentitiesOnly=yes', '-i', keeper.key.path, 'git@127.0.0.1')
        keeper.key.counter = counter
        assert.equal(hello.code, 0)
        await wait(200)
        assert.equal((await entries('device.signal')).at(-1)?.['signal'], 'counter-not-higher')
      })
    })

    describe('addresses', () => {
      const asks = async (service: string, argument: string): Promise<string> => {
        const ssh = await signedIn(gateway, keeper.key)
        const { code, out, err } = await ssh.exec(`${service} ${argument}`, Buffer.from('0000'))
        ssh.close()
        return `${code} ${out.replace(/^[0-9a-f]{4}/, '')}${err}`
      }
      test('case, with and without .git and slashes: one repository', async () => {
        for (const form of ['keeper/hello', '/KEEPER/Hello.git', 'keeper/hello.git/'])
          assert.match(await asks('git-upload-pack', `'${form}'`), /^0 [0-9a-f]{40} HEAD/)
      })
      test('what is no address of a repository is as unknown as one that is not there', async () => {
        const missing = await asks('git-upload-pack', "'keeper/nothing.git'")
        assert.match(missing, /^1 ERR There is no such repository/)
        for (const form of [
          "'../keeper/hello.git'",
          "'keeper/../keeper/hello.git'",
          "'keeper/hello.git/../hello.git'",
          "'-x/hello.git'",
          "'keeper/-x'",
          "'keeper/hello.wiki.wiki.git'",
          "'~keeper/hello.git'",
          "'/etc/passwd'",
          "'admin/users.git'",
          "'api/v1.git'",
          "''keeper/hello.git''",
          "'keeper/hello.git' --upload-pack=x",
          "'keeper/he'\\''llo.git'",
          '"keeper/hello.git"',
        ]) {
          assert.match(
            await asks('git-upload-pack', form),
            /^1 (?:ERR There is no such|There is nothing here)/,
            form,
          )
          assert.match(
            await asks('git-receive-pack', form),
            /^1 (?:ERR There is no such|There is nothing here)/,
            form,
          )
        }
      })
      test("somebody else's is as unknown as none", async () => {
        const name = `dora${forge.name.length}`
        const dora = await pusher(gateway, name, await inviteLink(keeper.person, name))
        const ssh = await signedIn(gateway, dora.key)
        for (const service of ['git-upload-pack', 'git-receive-pack']) {
          const [theirs, none] = [
            await ssh.exec(`${service} '${path}'`, Buffer.from('0000')),
            await ssh.exec(`${service} 'keeper/nothing.git'`, Buffer.from('0000')),
          ]
          assert.deepEqual(theirs, none)
        }
        ssh.close()
      })
    })

    describe('a certificate', () => {
      let n = 0
      const update = async (): Promise<{ before: string; after: string; ref: string }> => ({
        before: ZERO,
        after: await tip(),
        ref: `refs/heads/cert-${n++}`,
      })
      async function lands(pushee: string, otherNonce?: () => Promise<string>): Promise<string> {
        const ssh = await signedIn(gateway, keeper.key)
        const one = await update()
        const answer = await rawPush(ssh, path, async ({ nonce }) =>
          certifiedBody(
            certify(keeper.key, { nonce: (await otherNonce?.()) ?? nonce!, pushee, updates: [one] }),
          ),
        )
        ssh.close()
        assert.equal(new RegExp(one.ref).test(await refs()), answer.includes(`ok ${one.ref}`))
        return answer
      }
      test('names this repository, under whatever name the host has', async () => {
        for (const pushee of [sample, 'work:keeper/hello.git', 'ssh://alias/keeper/hello'])
          assert.match(await lands(pushee), /ok refs\/heads\/cert-/)
        for (const pushee of ['work:keeper/other.git', 'ssh://alias/x/hello.git', gateway.sample])
          assert.match(await lands(pushee), /signed for another address/)
      })
      test('has the nonce of this very connection', async () => {
        const foreign = /not for this repository and account/
        const over = async (): Promise<string> => {
          const http = await advertised(gateway.sample, { user: 'keeper', password: keeper.password })
          return http.nonce!
        }
        assert.match(await lands(sample, over), foreign)
        const other = await signedIn(gateway, keeper.key)
        const elsewhere = (): Promise<string> =>
          new Promise((resolve) => {
            void rawPush(other, path, ({ nonce }) => {
              resolve(nonce!)
              return Buffer.from('0000')
            })
          })
        assert.match(await lands(sample, elsewhere), foreign)
        other.close()
      })
      test('is good once', async () => {
        const ssh = await signedIn(gateway, keeper.key)
        const one = await update()
        let body: Buffer | undefined
        const push = (): Promise<string> =>
          rawPush(ssh, path, ({ nonce }) => {
            body ??= certifiedBody(certify(keeper.key, { nonce: nonce!, pushee: sample, updates: [one] }))
            return body
          })
        assert.match(await push(), /ok refs\/heads\/cert-/)
        assert.match(await push(), /used before/)
        ssh.close()
      })
    })

    describe('who is off-boarded', () => {
      test('is cut in the middle of a clone, and let in no more', async () => {
        const name = `erin${forge.name.length}`
        const erin = await pusher(gateway, name, await inviteLink(keeper.person, name))
        const ssh = await signedIn(gateway, erin.key)
        const channel = await ssh.openChannel()
        assert.ok(channel >= 0)
        const page = await erin.person.ask(`${gateway.portal}/devices`)
        const device = /Soft key[\s\S]*?name="device" value="([^"]+)"/.exec(page.text)?.[1]
        assert.ok(device)
        await erin.person.approve('revoke-device', { device })
        await ssh.end()
        assert.ok(ssh.socket.destroyed)
        const again = await RawSsh.open({ port: sshPort(gateway) })
        await again.askForAuthentication()
        assert.equal(await again.signIn(erin.key), MSG.authFailure)
        again.close()
      })
      test('the same for an account that is disabled', async () => {
        const name = `finn${forge.name.length}`
        const finn = await pusher(gateway, name, await inviteLink(keeper.person, name))
        const ssh = await signedIn(gateway, finn.key)
        await run([cli, 'admin', 'disable', name, '--home', gateway.home])
        await ssh.end()
        const again = await RawSsh.open({ port: sshPort(gateway) })
        await again.askForAuthentication()
        assert.equal(await again.signIn(finn.key), MSG.authFailure)
        again.close()
      })
    })

    test('nothing secret was logged', () => {
      assert.doesNotMatch(gateway.log(), /Basic |authorization/i)
      assert.doesNotMatch(gateway.log(), /"level":50/)
    })
  })

  describe(`pushes over ssh, each held for one touch, in front of ${forge.name}`, () => {
    let bed: MatrixBed

    before(async () => {
      const gateway = await startGateway({ env: forge.env })
      const keeper = await pusher(gateway, 'keeper', gateway.enroll!)
      await useSsh(keeper.git, keeper.person, gateway)
      const sample = sshUrl(gateway, gateway.sample)
      await keeper.git.ok(keeper.git.home, 'clone', '-q', sample, 'work')
      bed = {
        gateway: { ...gateway, sample },
        keeper: { ...keeper, remote: (url) => url },
        work: keeper.git.path('work'),
        push: (dir, ...args) => pushAndTouch(keeper.person, keeper.git, dir, ...args),
      }
    })
    after(() => bed.gateway.stop())

    pushMatrix(() => bed)
  })

  describe(`policy on the sign-in of ssh, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Pusher
    let path: string

    before(async () => {
      const home = scratch('ssh-policy')
      mkdirSync(join(home, 'policy'), { recursive: true })
      writeFileSync(
        join(home, 'policy', 'session.cedar'),
        `@id("drafts ride on a fresh sign-in by ssh")
permit (principal, action == Action::"git.push", resource)
when { principal.active && context.device.active && context.proof.method == "ssh-session" && context.proof.up &&
  context.proof.ageSeconds < 60 && context.push.refs == ["refs/heads/draft"] };`,
      )
      gateway = await startGateway({ env: forge.env, home })
      keeper = await pusher(gateway, 'keeper', gateway.enroll!)
      path = new URL(gateway.sample).pathname
    })
    after(() => gateway.stop())

    test('it counts where policy takes it, and nowhere else', async () => {
      const ssh = await signedIn(gateway, keeper.key)
      const push = (ref: string): Promise<string> =>
        rawPush(ssh, path, ({ refs }) => {
          const body = plainBody([{ before: ZERO, after: refs.get('refs/heads/main')!, ref }])
          // Without a side band it cannot wait, so that it is refused at once.
          return Buffer.from(body.toString('latin1').replace(' side-band-64k', ' '.repeat(14)), 'latin1')
        })
      assert.match(await push('refs/heads/draft'), /ok refs\/heads\/draft/)
      assert.match(await push('refs/heads/other'), /ng refs\/heads\/other proof needed/)
      ssh.close()
      const intent = (await ledgerEntries(gateway.home, 'intent')).at(-1)!
      assert.equal(intent['statement'], null)
      assert.deepEqual(
        [intent['proof'].method, intent['proof'].bound, intent['proof'].up],
        ['ssh-session', 'session', true],
      )
      assert.equal(typeof intent['login'], 'number')
      assert.equal(intent['device'].credential, keeper.key.fingerprint)
    })
    test('two hundred silent connections, and somebody signs in beside them', async () => {
      const silent = await Promise.all(
        Array.from({ length: 200 }, async () => {
          const each = new RawSsh({ port: sshPort(gateway) })
          await new Promise((resolve) => each.socket.once('connect', resolve))
          return each
        }),
      )
      const ssh = await signedIn(gateway, keeper.key)
      assert.equal((await ssh.exec(`git-upload-pack '${path}'`, Buffer.from('0000'))).code, 0)
      for (const each of [...silent, ssh]) each.close()
      const stranger = await RawSsh.open({ port: sshPort(gateway) })
      await stranger.askForAuthentication()
      assert.equal(await stranger.signIn(softKey(SK_ED25519, '')), MSG.authFailure)
      stranger.close()
    })
    test('somebody without a key of ssh has no door here', async () => {
      const name = `gina${forge.name.length}`
      await enrolledPerson(gateway, await inviteLink(keeper.person, name))
      const ssh = await RawSsh.open({ port: sshPort(gateway) })
      await ssh.askForAuthentication()
      assert.equal(await ssh.signIn(softKey(SK_ED25519, ''), name), MSG.authFailure)
      ssh.close()
    })
  })
}
