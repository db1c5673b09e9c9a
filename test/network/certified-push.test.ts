import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { SK_ED25519 } from '../../src/core/ssh/public-key.ts'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'
import { forges } from '../support/forges.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { run } from '../support/git.ts'
import { holdRaw, refusePush } from '../support/held-push.ts'
import { ledgerEntries } from '../support/ledger-entries.ts'
import { isAlive } from '../support/process.ts'
import { pushMatrix } from '../support/push-matrix.ts'
import {
  addSigningKey,
  enrolledPerson,
  gitPassword,
  inviteLink,
  type Pusher,
  pusher,
} from '../support/pusher.ts'
import {
  advertised,
  type Credentials,
  certifiedBody,
  certify,
  plainBody,
  post,
  ZERO,
} from '../support/raw-push.ts'
import { softKey } from '../support/sk-agent.ts'

for (const forge of forges()) {
  describe(`certified pushes, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Pusher
    let work: string
    let who: Credentials
    let tip: string

    before(async () => {
      gateway = await startGateway({ env: forge.env })
      keeper = await pusher(gateway, 'keeper', gateway.enroll!)
      await keeper.git.ok(keeper.git.home, 'clone', '-q', keeper.remote(gateway.sample), 'work')
      work = keeper.git.path('work')
      who = { user: 'keeper', password: keeper.password }
      tip = await keeper.git.ok(work, 'rev-parse', 'HEAD')
    })
    after(() => gateway.stop())

    const change = (name: string): Promise<string> =>
      keeper.git.commit(work, name, (dir) =>
        writeFileSync(join(dir, `${name}.txt`), `${name} ${Math.random()}`),
      )
    const remoteRefs = async (): Promise<string> => keeper.git.ok(work, 'ls-remote', 'origin')

    describe('stock git', () => {
      pushMatrix(() => ({
        gateway,
        keeper,
        work,
        push: (dir, ...args) => keeper.git.git(dir, 'push', ...args),
      }))
      test('git push --signed', async () => {
        await change('signed')
        await keeper.git.ok(work, 'push', '--signed', 'origin', 'HEAD:signed')
        assert.match(await remoteRefs(), /refs\/heads\/signed/)
      })
      test('by an ECDSA security key', async () => {
        const key = keeper.agent.addKey('ecdsa-sk', 'ecdsa')
        await addSigningKey(keeper.person, keeper.agent, key)
        await keeper.git.ok(work, '-c', `user.signingkey=${key.path}`, 'push', 'origin', 'HEAD:ecdsa')
        assert.match(await remoteRefs(), /refs\/heads\/ecdsa/)
      })
      test('the wiki is the same repository, under the same policy, with nonces of its own', async () => {
        const wiki = gateway.sample.replace(/\.git$/, '.wiki.git')
        const remote = keeper.remote(wiki)
        const missing = await keeper.git.git(work, 'push', '--signed', remote, 'HEAD:master')
        assert.notEqual(missing.code, 0)
        // A forge makes it with the first page; what counts here is that it is there.
        await run(['git', 'init', '-q', '--bare', wikiBeside(gateway.home)])
        const signed = await keeper.git.git(work, 'push', '--signed', remote, 'HEAD:master')
        assert.equal(signed.code, 0, signed.stderr)
        const head = await keeper.git.ok(work, 'rev-parse', 'HEAD')
        assert.match(await keeper.git.ok(work, 'ls-remote', remote), new RegExp(`${head}\trefs/heads/master`))
        const intent = (await ledgerEntries(gateway.home, 'intent')).at(-1)!
        assert.equal(intent['repo'].part, 'wiki')
        const { nonce } = await advertised(gateway.sample, who)
        const crossed = certify(keeper.key, {
          nonce: nonce!,
          pushee: `${wiki}/`,
          updates: [{ before: ZERO, after: head, ref: 'refs/heads/crossed' }],
        })
        assert.match(
          (await post(wiki, who, certifiedBody(crossed))).text,
          /not for this repository and account/,
        )
      })
    })

    describe('somebody without a signing key', () => {
      test('learns nothing of a repository that is not theirs', async () => {
        const bob = await enrolledPerson(gateway, await inviteLink(keeper.person, `bob${forge.name.length}`))
        const refusedRead = await keeper.git.git(
          work,
          'ls-remote',
          gateway.sample.replace('//', `//bob${forge.name.length}:${await gitPassword(bob)}@`),
        )
        assert.notEqual(refusedRead.code, 0)
        assert.match(refusedRead.stderr, /not found/)
      })
      test('is not asked for a certificate', async () => {
        const carol = await enrolledPerson(
          gateway,
          await inviteLink(keeper.person, `carol${forge.name.length}`),
        )
        const own = { user: `carol${forge.name.length}`, password: await gitPassword(carol) }
        assert.equal((await advertised(gateway.sample, own)).status, 404)
      })
    })

    describe('refused, with the refs as they were:', () => {
      let n = 0
      const fresh = (): { before: string; after: string; ref: string } => ({
        before: ZERO,
        after: tip,
        ref: `refs/heads/raw-${n++}`,
      })
      const nonce = async (): Promise<string> => (await advertised(gateway.sample, who)).nonce!
      const pushee = (): string => `${gateway.sample}/`

      async function refused(body: Buffer, words: RegExp, credentials = who): Promise<void> {
        const refs = (await advertised(gateway.sample, who)).refs
        const answer = await post(gateway.sample, credentials, body)
        assert.equal(answer.status, 200)
        assert.match(answer.text, words)
        assert.match(answer.text, /ng \S+/)
        assert.deepEqual((await advertised(gateway.sample, who)).refs, refs)
      }

      test('control: a certificate made by hand lands', async () => {
        const updates = [fresh()]
        const answer = await post(
          gateway.sample,
          who,
          certifiedBody(certify(keeper.key, { nonce: await nonce(), pushee: pushee(), updates })),
        )
        assert.match(answer.text, /ok refs\/heads\/raw-/)
      })
      test('control: a gzipped body lands', async () => {
        const body = certifiedBody(
          certify(keeper.key, { nonce: await nonce(), pushee: pushee(), updates: [fresh()] }),
        )
        const answer = await post(gateway.sample, who, gzipSync(body), { 'content-encoding': 'gzip' })
        assert.match(answer.text, /ok refs\/heads\/raw-/)
        const cut = await post(gateway.sample, who, gzipSync(body).subarray(0, 200), {
          'content-encoding': 'gzip',
        }).catch(() => ({ status: 0, text: '' }))
        assert.doesNotMatch(cut.text, /ok refs/)
      })
      test('the same certificate again', async () => {
        const updates = [fresh()]
        const body = certifiedBody(certify(keeper.key, { nonce: await nonce(), pushee: pushee(), updates }))
        assert.match((await post(gateway.sample, who, body)).text, /ok refs/)
        await post(
          gateway.sample,
          who,
          certifiedBody(
            certify(keeper.key, {
              nonce: await nonce(),
              pushee: pushee(),
              updates: [{ ...updates[0]!, before: tip, after: ZERO }],
            }),
          ),
        )
        await refused(body, /was used before/)
      })
      test('one certificate twenty times at once: exactly one lands', async () => {
        const body = certifiedBody(
          certify(keeper.key, { nonce: await nonce(), pushee: pushee(), updates: [fresh()] }),
        )
        const answers = await Promise.all(Array.from({ length: 20 }, () => post(gateway.sample, who, body)))
        assert.equal(answers.filter(({ text }) => /ok refs\/heads\/raw-/.test(text)).length, 1)
        assert.equal(answers.filter(({ text }) => /was used before/.test(text)).length, 19)
      })
      test('no touch (UP=0)', async () => {
        keeper.key.flags = 0
        const body = certifiedBody(
          certify(keeper.key, { nonce: await nonce(), pushee: pushee(), updates: [fresh()] }),
        )
        keeper.key.flags = 1
        await refused(body, /without being touched/)
      })
      test('a nonce that is not ours, of another repository, or none', async () => {
        for (const [bad, words] of [
          ['cs1.abc', /not one of ours/],
          ['1800000000-0123456789abcdef', /not one of ours/],
          [
            (await nonce()).replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
            /not for this repository and account/,
          ],
        ] as const) {
          await refused(
            certifiedBody(certify(keeper.key, { nonce: bad, pushee: pushee(), updates: [fresh()] })),
            words,
          )
        }
      })
      test('a foreign pushee', async () => {
        for (const other of [
          'https://git.example.com/keeper/hello.git/',
          `${gateway.url}/keeper/other.git/`,
          `${gateway.sample}/../x.git`,
          '',
        ]) {
          await refused(
            certifiedBody(certify(keeper.key, { nonce: await nonce(), pushee: other, updates: [fresh()] })),
            /another address/,
          )
        }
      })
      test('an altered command', async () => {
        const made = certify(keeper.key, { nonce: await nonce(), pushee: pushee(), updates: [fresh()] })
        await refused(
          certifiedBody({
            ...made,
            text: Buffer.from(made.text.toString().replace(/refs\/heads\/raw/, 'refs/heads/evil')),
          }),
          /does not hold/,
        )
      })
      test('another namespace', async () => {
        await refused(
          certifiedBody(
            certify(keeper.key, {
              nonce: await nonce(),
              pushee: pushee(),
              updates: [fresh()],
              namespace: 'file',
            }),
          ),
          /does not hold/,
        )
      })
      test('a key that is nobody’s, and a PGP certificate, count as unsigned: the push waits for a touch', async () => {
        const stranger = softKey(SK_ED25519, '')
        const made = certify(stranger, { nonce: await nonce(), pushee: pushee(), updates: [fresh()] })
        const pgp = '-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n'
        for (const body of [certifiedBody(made), certifiedBody({ ...made, signature: pgp })]) {
          const refs = (await advertised(gateway.sample, who)).refs
          const held = holdRaw(gateway.sample, who, body)
          await refusePush(keeper.person, await held.code, 'who is that?')
          assert.match(await held.answer, /who is that\?[\s\S]*ng refs\/heads\/raw-\d+ not approved/)
          assert.deepEqual((await advertised(gateway.sample, who)).refs, refs)
        }
      })
      test('refs that nobody may push', async () => {
        for (const ref of [
          'refs/pull/1/head',
          'refs/notes/x',
          'refs/heads/-x',
          'refs/heads/a..b',
          'refs/heads/x.lock',
          'refs/heads/\x01',
          'HEAD',
          'refs/replace/x',
        ]) {
          await refused(
            plainBody([{ before: ZERO, after: tip, ref }]),
            /Only branches and tags|does not allow/,
          )
        }
      })
      test('one ref twice', async () => {
        const update = fresh()
        await refused(
          certifiedBody(
            certify(keeper.key, { nonce: await nonce(), pushee: pushee(), updates: [update, update] }),
          ),
          /one ref twice/,
        )
      })
      test("another account's device and another account's password", async () => {
        const name = `dave${forge.name.length}`
        const dave = await enrolledPerson(gateway, await inviteLink(keeper.person, name))
        const own = { user: name, password: await gitPassword(dave) }
        // dave cannot even see the repository, so nothing more is said
        const body = certifiedBody(
          certify(keeper.key, { nonce: await nonce(), pushee: pushee(), updates: [fresh()] }),
        )
        assert.match((await post(gateway.sample, own, body)).text, /no such repository/)
        // dave's password under keeper's name, and keeper's under dave's
        assert.equal(
          (await post(gateway.sample, { user: 'keeper', password: own.password }, body)).status,
          401,
        )
        assert.equal((await post(gateway.sample, { user: name, password: who.password }, body)).status, 401)
        // dave signs in his own repository with keeper's key
        await dave.openForge('/')
        const form = await dave.ask(`${gateway.url}/repo/create`, { headers: { accept: 'text/html' } })
        const made = await dave.ask(`${gateway.url}/repo/create`, {
          method: 'POST',
          body: new URLSearchParams({
            _csrf: field(form.text, '_csrf'),
            user_id: field(form.text, 'user_id') || field(form.text, 'uid'),
            repo_name: 'mine',
            private: 'on',
            auto_init: 'on',
            readme: 'Default',
          }).toString(),
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            origin: gateway.url,
            'sec-fetch-site': 'same-origin',
          },
        })
        assert.equal(made.status, 302, made.text.slice(0, 500))
        const mine = `${gateway.url}/${name}/mine.git`
        await addSigningKey(
          dave,
          keeper.agent,
          keeper.agent.addKey('ed25519-sk', `dave-${forge.name.length}`),
        )
        const there = await advertised(mine, own)
        const [, head] = [...there.refs][0]!
        const foreign = certifiedBody(
          certify(keeper.key, {
            nonce: there.nonce!,
            pushee: `${mine}/`,
            updates: [{ before: ZERO, after: head, ref: 'refs/heads/x' }],
          }),
        )
        const answer = await post(mine, own, foreign)
        assert.match(answer.text, /another account's key/)
        assert.deepEqual((await advertised(mine, own)).refs, there.refs)
        // a nonce of one repository in the other
        const crossed = certifiedBody(
          certify(keeper.key, { nonce: there.nonce!, pushee: pushee(), updates: [fresh()] }),
        )
        await refused(crossed, /not for this repository and account/)
      })
      test('malformed heads, wrong content type, wrong coding: 4xx, and nothing is forwarded', async () => {
        for (const body of ['zzzz', '0003', 'fff1', '0000PACK', '0010garbage-here', `${'0'.repeat(3)}5x`]) {
          const answer = await post(gateway.sample, who, Buffer.from(body))
          assert.equal(answer.status, 400, body)
          assert.doesNotMatch(answer.text, /at .*\.ts:/)
        }
        assert.equal(
          (await post(gateway.sample, who, Buffer.from('0000'), { 'content-type': 'text/plain' })).status,
          415,
        )
        assert.equal(
          (await post(gateway.sample, who, Buffer.from('0000'), { 'content-encoding': 'br' })).status,
          415,
        )
        assert.equal((await post(gateway.sample, who, Buffer.from('0000'))).status, 200)
      })
      test('an oversized certificate and an endless command list', async () => {
        const big = certify(keeper.key, {
          nonce: await nonce(),
          pushee: pushee(),
          updates: [fresh()],
          pusher: 'x'.repeat(60_000),
        })
        const text = Buffer.concat([
          big.text,
          ...Array.from({ length: 20 }, () => Buffer.from(`${'y'.repeat(60_000)}\n`)),
        ])
        assert.equal((await post(gateway.sample, who, certifiedBody({ ...big, text }))).status, 400)
        const many = Array.from({ length: 10_001 }, (_, i) => ({
          before: ZERO,
          after: tip,
          ref: `refs/heads/n${i}`,
        }))
        assert.match((await post(gateway.sample, who, plainBody(many))).text, /too many refs/)
      })
      test('a revoked device, at once', async () => {
        const key = keeper.agent.addKey('ed25519-sk', 'soon-gone')
        await addSigningKey(keeper.person, keeper.agent, key)
        const body = certifiedBody(
          certify(key, { nonce: await nonce(), pushee: pushee(), updates: [fresh()] }),
        )
        const page = await keeper.person.ask(`${gateway.portal}/devices`, {
          headers: { accept: 'text/html' },
        })
        const at = page.text.indexOf(key.fingerprint)
        const id = deviceIds(page.text, at)
        await keeper.person.approve('revoke-device', { device: id })
        await refused(body, /no longer active/)
      })
    })

    test('a counter that goes back is on record, and no refusal', async () => {
      keeper.key.counter = 1
      const nonce = (await advertised(gateway.sample, who)).nonce!
      const answer = await post(
        gateway.sample,
        who,
        certifiedBody(
          certify(keeper.key, {
            nonce,
            pushee: `${gateway.sample}/`,
            updates: [{ before: ZERO, after: tip, ref: 'refs/heads/counter' }],
          }),
        ),
      )
      assert.match(answer.text, /ok refs\/heads\/counter/)
      const store = await openSqlite(join(gateway.home, 'countersign.db'))
      const signals = await store.db
        .selectFrom('ledger_entry')
        .select('idx')
        .where('type', '=', 'device.signal')
        .execute()
      assert.ok(signals.length > 0)
      await store.close()
    })

    test('what is refused to a signed-in person is in the ledger', async () => {
      const store = await openSqlite(join(gateway.home, 'countersign.db'))
      const rows = await store.db
        .selectFrom('ledger_entry')
        .select('payload')
        .where('type', '=', 'decision')
        .execute()
      const reasons = new Set(
        rows.map(({ payload }) => JSON.parse(Buffer.from(payload!).toString()).reason as string),
      )
      for (const reason of [
        'proof-invalid',
        'nonce-used',
        'denied',
        'bad-request',
        'device-inactive',
        'not-found',
      ])
        assert.ok(reasons.has(reason), reason)
      await store.close()
    })
  })

  describe(`policy and crashes, in front of ${forge.name}`, () => {
    test('"this repository requires FIDO2 with PIN"; then kill -9 between intent and outcome', async () => {
      let gateway = await startGateway({ env: forge.env })
      const { home } = gateway
      const keeper = await pusher(gateway, 'keeper', gateway.enroll!)
      await keeper.git.ok(keeper.git.home, 'clone', '-q', keeper.remote(gateway.sample), 'work')
      const tip = await keeper.git.ok(keeper.git.path('work'), 'rev-parse', 'HEAD')
      await gateway.stop()
      mkdirSync(join(home, 'policy'), { recursive: true })
      writeFileSync(
        join(home, 'policy', 'hello.cedar'),
        '@id("hello requires FIDO2 with PIN") forbid (principal, action in Action::"change", resource == Repo::"Keeper/Hello") unless { context.proof.bound == "action" && context.proof.uv };\n',
      )
      gateway = await startGateway({ home, env: forge.env })
      const who = { user: 'keeper', password: keeper.password }
      const certified = async (ref: string): Promise<Buffer> => {
        const there = await advertised(gateway.sample, who)
        return certifiedBody(
          certify(keeper.key, {
            nonce: there.nonce!,
            pushee: `${gateway.sample}/`,
            updates: [{ before: ZERO, after: tip, ref }],
          }),
        )
      }
      assert.match(
        (await post(gateway.sample, who, await certified('refs/heads/no-pin'))).text,
        /hello requires FIDO2 with PIN[\s\S]*Use a key with a PIN/,
      )
      keeper.key.flags = 0x05
      assert.match(
        (await post(gateway.sample, who, await certified('refs/heads/pin'))).text,
        /ok refs\/heads\/pin/,
      )

      // The pack stops half way, so that the gateway dies between intent and outcome.
      const body = await certified('refs/heads/crash')
      const forgePid = JSON.parse(await readText(join(home, 'forge', 'forge.pid'))).pid as number
      const pending = post(gateway.sample, who, Readable.from(halted(body)) as never).catch(() => undefined)
      await openIntent(home)
      await gateway.kill()
      await pending
      gateway = await startGateway({ home, env: forge.env })
      const store = await openSqlite(join(home, 'countersign.db'))
      assert.deepEqual(
        await store.db.selectFrom('intent').select('id').where('state', '=', 'open').execute(),
        [],
      )
      const outcome = await store.db
        .selectFrom('ledger_entry')
        .select('payload')
        .where('type', '=', 'outcome')
        .orderBy('idx', 'desc')
        .limit(1)
        .executeTakeFirstOrThrow()
      const said = JSON.parse(Buffer.from(outcome.payload!).toString()) as {
        settledBy: string
        result: string
      }
      assert.equal(said.settledBy, 'start')
      const landed = (await advertised(gateway.sample, who)).refs.has('refs/heads/crash')
      assert.equal(said.result, landed ? 'accepted' : 'rejected')
      await store.close()
      // Used once, whatever became of it.
      assert.match((await post(gateway.sample, who, body)).text, /was used before|another address/)
      const verified = await run([
        join(import.meta.dirname, '../../countersign'),
        'ledger',
        'verify',
        '--home',
        home,
      ])
      assert.equal(verified.code, 0, verified.stderr)
      assert.ok(!isAlive(forgePid), 'the orphaned forge is gone')
      await gateway.stop()
    })
  })
}

/** Where the sample's wiki lies, beside its code. */
function wikiBeside(home: string): string {
  const found = readdirSync(join(home, 'forge'), { recursive: true, encoding: 'utf8' }).find(
    (path) => /(?:^|\/)(?:hello|1)\.git$/.test(path) && !path.includes('.wiki'),
  )
  assert.ok(found, 'the sample repository is on disk')
  return join(home, 'forge', found.replace(/\.git$/, '.wiki.git'))
}

/** All but the end of a body, then nothing any more. */
async function* halted(body: Buffer): AsyncGenerator<Buffer> {
  yield body.subarray(0, -8)
  await wait(60_000, undefined, { ref: false })
}

async function openIntent(home: string): Promise<void> {
  const store = await openSqlite(join(home, 'countersign.db'))
  for (let i = 0; i < 500; i++) {
    if ((await store.db.selectFrom('intent').select('id').where('state', '=', 'open').execute()).length > 0) {
      await store.close()
      return
    }
    await wait(10)
  }
  throw new Error('no intent was recorded')
}

async function readText(path: string): Promise<string> {
  return (await import('node:fs/promises')).readFile(path, 'utf8')
}

/** The value of a hidden field of a form. */
function field(html: string, name: string): string {
  const input = new RegExp(`<input[^>]*name="${name}"[^>]*>`).exec(html)?.[0] ?? ''
  return /value="([^"]*)"/.exec(input)?.[1] ?? ''
}

function deviceIds(html: string, at: number): string {
  const ids = [...html.matchAll(/rename-([A-Za-z0-9_-]{43})"/g)].filter(({ index }) => index > at)
  return ids[0]![1]!
}
