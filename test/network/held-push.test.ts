import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'
import { forges } from '../support/forges.ts'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { run } from '../support/git.ts'
import {
  answerBy,
  approvePush,
  type HeldPush,
  holdRaw,
  lookAt,
  pushAndTouch,
  pushUnsigned,
  refusePush,
  submit,
} from '../support/held-push.ts'
import { ledgerEntries } from '../support/ledger-entries.ts'
import { pushMatrix } from '../support/push-matrix.ts'
import { enrolledPerson, inviteLink, type Pusher, pusher } from '../support/pusher.ts'
import { advertised, type Credentials, plainBody, post, ZERO } from '../support/raw-push.ts'
import { softPasskey } from '../support/soft-passkey.ts'

const cli = join(import.meta.dirname, '..', '..', 'countersign')

for (const forge of forges()) {
  describe(`held pushes, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Pusher
    let work: string
    let who: Credentials

    before(async () => {
      gateway = await startGateway({ env: forge.env })
      keeper = await pusher(gateway, 'keeper', gateway.enroll!)
      await keeper.git.ok(keeper.git.home, 'clone', '-q', keeper.remote(gateway.sample), 'work')
      work = keeper.git.path('work')
      who = { user: 'keeper', password: keeper.password }
    })
    after(() => gateway.stop())

    const refs = async (): Promise<ReadonlyMap<string, string>> =>
      (await advertised(gateway.sample, who)).refs
    const tip = (): Promise<string> => keeper.git.ok(work, 'rev-parse', 'HEAD')
    let n = 0
    const hold = (): HeldPush => pushUnsigned(keeper.git, work, 'origin', `HEAD:refs/heads/held-${n++}`)
    const entries = (type: string): Promise<Record<string, any>[]> => ledgerEntries(gateway.home, type)

    describe('stock git and one touch', () => {
      pushMatrix(() => ({
        gateway,
        keeper,
        work,
        push: (dir, ...args) => pushAndTouch(keeper.person, keeper.git, dir, ...args),
      }))
    })

    describe('the evidence', () => {
      test('is a certificate that ssh-keygen accepts, and a bundle that verifies', async () => {
        const commit = await keeper.git.commit(work, 'evident', (dir) =>
          writeFileSync(join(dir, 'evident.txt'), 'x'),
        )
        const { code, stderr } = await pushAndTouch(keeper.person, keeper.git, work, 'origin', 'HEAD:evident')
        assert.equal(code, 0, stderr)
        const intent = (await entries('intent')).at(-1)!
        assert.equal(intent['proof'].method, 'webauthn')
        assert.equal(intent['proof'].shown, 'diff')
        assert.equal(intent['proof'].bound, 'action')
        assert.equal(intent['statement'].batch, null)
        const text = Buffer.from(intent['statement'].text, 'base64')
        assert.match(
          text.toString(),
          new RegExp(`pusher keeper, written by the gateway at ${gateway.portal} \\d+ \\+0000\\n`),
        )

        const dir = scratch('held-evidence')
        const file = (name: string): string => join(dir, name)
        writeFileSync(
          file('trust.json'),
          (await run([cli, 'ledger', 'trust', '--home', gateway.home])).stdout,
        )
        const exported = await run([
          cli,
          'evidence',
          'export',
          commit,
          '--home',
          gateway.home,
          '-o',
          file('bundle.json'),
        ])
        assert.equal(exported.code, 0, exported.stderr)
        const verified = await run([cli, 'verify', file('bundle.json'), '--trust', file('trust.json')])
        assert.equal(verified.code, 0, verified.stdout)
        assert.match(verified.stdout, /a passkey signed it at .*the gateway says that it showed: diff/)

        // The key out of the signature, as docs/formats/verify-without-countersign.md does it.
        writeFileSync(file('cert.sig'), intent['statement'].signature)
        const key = await sshKeyOf(intent['statement'].signature)
        writeFileSync(file('allowed'), `keeper namespaces="git" ${key}\n`)
        const check = (message: Buffer): ReturnType<typeof run> =>
          run(
            [
              'ssh-keygen',
              '-Y',
              'verify',
              '-n',
              'git',
              '-f',
              file('allowed'),
              '-I',
              'keeper',
              '-s',
              file('cert.sig'),
            ],
            { input: message },
          )
        const good = await check(text)
        assert.match(good.stdout, /Good "git" signature/, good.stderr)
        const altered = await check(
          Buffer.from(text.toString().replace('refs/heads/evident', 'refs/heads/evil')),
        )
        assert.notEqual(altered.code, 0)
      })
      test('of a key that OpenSSH has no algorithm for is the raw assertion', async () => {
        const second = await keeper.person.addPasskey(
          'Ed25519 key',
          softPasskey(gateway.portal, undefined, 'EdDSA'),
        )
        const held = hold()
        const approved = await approvePush(keeper.person, await held.code, { by: second })
        assert.equal(approved.status, 200, JSON.stringify(approved.json))
        assert.equal((await held.done).code, 0)
        const intent = (await entries('intent')).at(-1)!
        assert.equal(intent['statement'].signature, null)
        const bundle = join(scratch('ed'), 'bundle.json')
        const { hold: entry } = intent
        assert.equal(typeof entry, 'number')
        const index = await lastIndex(gateway.home, 'intent')
        await run([cli, 'evidence', 'export', String(index), '--home', gateway.home, '-o', bundle])
        const verified = await run([cli, 'verify', bundle])
        assert.equal(verified.code, 3, verified.stdout)
      })
    })

    describe('ends clean and on record, with the refs as they were:', () => {
      async function ends(
        how: string,
        end: (held: HeldPush, code: string) => Promise<unknown>,
        words: RegExp | null,
      ): Promise<void> {
        const before = await refs()
        const held = hold()
        const code = await held.code
        await end(held, code)
        const { code: exit, stderr } = await held.done
        assert.notEqual(exit, 0)
        if (words) assert.match(stderr, words)
        await until(async () => (await entries('hold.end')).at(-1)?.['end'] === how)
        const last = (await entries('hold.end')).at(-1)!
        assert.equal(last['end'], how)
        // Approving it afterwards changes nothing.
        const late = await approvePush(keeper.person, code)
        assert.notEqual(late.status, 200)
        assert.deepEqual(await refs(), before)
        assert.deepEqual(await openHolds(gateway.home), 0)
      }

      test('refused, with a reason', () =>
        ends(
          'refused',
          (_, code) => refusePush(keeper.person, code, 'not today \u202e'),
          /remote: The push was refused in the portal: not today[\s\S]*\[remote rejected\].*\(not approved\)/,
        ))
      test('the client killed', () => ends('gone', async ({ kill }) => kill(), null))
      test('the git password ended', () =>
        ends(
          'revoked',
          async () => {
            const page = await keeper.person.ask(`${gateway.portal}/git-password`)
            const ids = [...page.text.matchAll(/\/git-password\/([^/"]+)\/end/g)].map(([, id]) => id!)
            for (const id of ids) await submit(keeper.person, `/git-password/${id}/end`, {})
            const { show } = await keeper.person.approve('git-password', {})
            keeper.password = show.password
            who = { user: 'keeper', password: keeper.password }
            await keeper.git.ok(work, 'remote', 'set-url', 'origin', keeper.remote(gateway.sample))
          },
          /remote: The account, device or git password of this push was ended/,
        ))
      test('the device revoked', async () => {
        const second = await keeper.person.addPasskey('Second key')
        const { show } = await keeper.person.approve('git-password', {}, second)
        await keeper.git.ok(
          work,
          'remote',
          'set-url',
          'origin',
          gateway.sample.replace('//', `//keeper:${show.password}@`),
        )
        await ends(
          'revoked',
          async () => {
            const devices = await keeper.person.ask(`${gateway.portal}/devices`)
            const at = devices.text.indexOf('Second key')
            const id = /rename-([A-Za-z0-9_-]{43})"/.exec(devices.text.slice(at))![1]!
            await keeper.person.approve('revoke-device', { device: id })
          },
          /was ended/,
        )
        await keeper.git.ok(work, 'remote', 'set-url', 'origin', keeper.remote(gateway.sample))
      })
    })

    describe('a touch counts once, for what it was asked for:', () => {
      test('the approval of one push sent for another', async () => {
        const [a, b] = [hold(), hold()]
        const [codeA, codeB] = [await a.code, await b.code]
        await lookAt(keeper.person, codeA)
        await lookAt(keeper.person, codeB)
        const begun = await keeper.person.portal(`/a/${codeA}/begin`, {})
        const other = await keeper.person.portal(`/a/${codeB}/begin`, {})
        const credential = answerBy(keeper.person.passkey, begun.json['options'])
        for (const id of [begun.json['id'], other.json['id']]) {
          const crossed = await keeper.person.portal(`/a/${codeB}/approve`, { id, credential })
          assert.notEqual(crossed.status, 200)
        }
        assert.equal((await approvePush(keeper.person, codeA)).status, 200)
        assert.equal((await a.done).code, 0)
        await refusePush(keeper.person, codeB, '')
        assert.notEqual((await b.done).code, 0)
      })
      test('two tabs, two approvers and a double click', async () => {
        const held = hold()
        const code = await held.code
        await lookAt(keeper.person, code)
        const tabs = await Promise.all([1, 2, 3].map(() => keeper.person.portal(`/a/${code}/begin`, {})))
        const answers = await Promise.all(
          [...tabs, tabs[0]!].map(({ json }) =>
            keeper.person.portal(`/a/${code}/approve`, {
              id: json['id'],
              credential: answerBy(keeper.person.passkey, json['options']),
            }),
          ),
        )
        assert.equal(answers.filter(({ status }) => status === 200).length, 1)
        assert.equal((await held.done).code, 0)
      })
      test('codes of others, unknown ones and no codes look alike', async () => {
        const mallory = await enrolledPerson(
          gateway,
          await inviteLink(keeper.person, `mal${forge.name.length}`),
        )
        const held = hold()
        const code = await held.code
        const seen = await Promise.all(
          [code, 'AAAA-AAAA', '2222-2222', `${code}x`].map(async (each) => {
            const page = await mallory.ask(`${gateway.portal}/a/${each}`)
            const begun = await mallory.portal(`/a/${each}/begin`, {})
            return `${page.status} ${page.text.replaceAll(each, '')} ${begun.status} ${JSON.stringify(begun.json)}`
          }),
        )
        assert.deepEqual(new Set(seen).size, 1)
        assert.match(seen[0]!, /^404 /)
        assert.equal((await approvePush(keeper.person, code)).status, 200)
        assert.equal((await held.done).code, 0)
      })
      test('not without a touch', async () => {
        const held = hold()
        const code = await held.code
        const answered = await approvePush(keeper.person, code, { flags: 0 })
        if (answered.status === 200) assert.notEqual((await held.done).code, 0)
        else {
          await refusePush(keeper.person, code, '')
          await held.done
        }
      })
    })

    test('while it waits the connection is kept alive by packets that git does not show', async () => {
      const update = { before: ZERO, after: await tip(), ref: `refs/heads/alive-${n++}` }
      const held = holdRaw(gateway.sample, who, plainBody([update]))
      const code = await held.code
      for (let tries = 0; !held.seen().includes('0005\x02'); tries++) {
        assert.ok(tries < 100, 'nothing came')
        await wait(100)
      }
      await refusePush(keeper.person, code, '')
      await held.answer
    })

    test('several with one touch: a batch statement that lists each, and nothing that came later', async () => {
      await keeper.git.ok(work, 'fetch', '-q')
      const held = [hold(), hold()]
      const codes = await Promise.all(held.map(({ code }) => code))
      for (const code of codes) await lookAt(keeper.person, code)
      await keeper.person.ask(`${gateway.portal}/pending`)
      const begun = await keeper.person.portal('/pending/begin', { codes: codes.join(' ') })
      assert.equal(begun.status, 200, JSON.stringify(begun.json))
      const late = hold()
      const lateCode = await late.code
      const done = await keeper.person.portal('/pending/approve', {
        id: begun.json['id'],
        credential: answerBy(keeper.person.passkey, begun.json['options']),
      })
      assert.equal(done.status, 200, JSON.stringify(done.json))
      for (const { code } of await Promise.all(held.map((push) => push.done))) assert.equal(code, 0)
      assert.equal(
        JSON.parse((await keeper.person.ask(`${gateway.portal}/a/${lateCode}/state`)).text).state,
        'waiting',
      )
      await refusePush(keeper.person, lateCode, '')
      await late.done
      const intents = (await entries('intent')).slice(-2)
      const statements = new Set(intents.map(({ statement }) => statement.batch))
      assert.equal(statements.size, 1)
      assert.equal([...statements][0].match(/^field item sha256:/gm).length, 2)
      assert.ok(intents.every(({ proof }) => proof.batch === true && proof.bound === 'action'))
      const bundle = join(scratch('batch'), 'bundle.json')
      const index = await lastIndex(gateway.home, 'intent')
      await run([cli, 'evidence', 'export', String(index), '--home', gateway.home, '-o', bundle])
      const verified = await run([cli, 'verify', bundle])
      assert.equal(verified.code, 3, verified.stdout)
      assert.match(verified.stdout, /a batch statement that lists it/)
    })

    test('a push from another network than the browser: the code is typed', async () => {
      const update = { before: ZERO, after: await tip(), ref: `refs/heads/far-${n++}` }
      const far = holdRaw(gateway.sample, who, plainBody([update]), '127.0.1.1')
      const code = await far.code
      const page = await lookAt(keeper.person, code)
      assert.match(page.text, /another network \(.*127\.0\.1\.1/)
      for (const typed of [{}, { typed: 'AAAA-AAAA' }, { typed: '' }]) {
        const answered = await approvePush(keeper.person, code, {}, typed)
        assert.equal(answered.status, 400, JSON.stringify(typed))
      }
      const approved = await approvePush(keeper.person, code, {}, { typed: code.toLowerCase() })
      assert.equal(approved.status, 200, JSON.stringify(approved.json))
      assert.match(await far.answer, new RegExp(`ok ${update.ref}`))
    })

    test('policy is asked again after the touch: as it is then, with what was given', async () => {
      const file = join(gateway.home, 'policy', 'stricter.cedar')
      mkdirSync(join(gateway.home, 'policy'), { recursive: true })
      const loads = (await entries('policy.load')).length
      const reloaded = (count: number): Promise<void> =>
        until(async () => (await entries('policy.load')).length === loads + count)
      const before = await refs()
      const held = hold()
      const code = await held.code
      writeFileSync(
        file,
        '@id("a certificate, please") forbid (principal, action in Action::"change", resource) unless { context.proof.method == "ssh-certificate" };\n',
      )
      await reloaded(1)
      const late = await approvePush(keeper.person, code)
      if (late.status === 200) assert.match((await held.done).stderr, /a certificate, please/)
      else await refusePush(keeper.person, code, 'policy')
      assert.notEqual((await held.done).code, 0)
      // Nobody is asked to wait for what could not be enough.
      const refused = await hold().done
      assert.match(refused.stderr, /needs a signature by your security key: a certificate, please/)
      writeFileSync(
        file,
        '@id("with PIN") forbid (principal, action in Action::"change", resource) unless { context.proof.uv };\n',
      )
      await reloaded(2)
      const bare = hold()
      await approvePush(keeper.person, await bare.code, { flags: 1 })
      assert.match((await bare.done).stderr, /with PIN[\s\S]*Use a key with a PIN/)
      writeFileSync(file, '@id("broken" forbid\n')
      const verified = hold()
      assert.equal((await approvePush(keeper.person, await verified.code)).status, 200)
      assert.equal((await verified.done).code, 0, 'a bad file keeps the last good set')
      rmSync(file)
      await reloaded(3)
      assert.equal((await refs()).size, before.size + 1)
    })

    describe('packs that are no good', () => {
      const refusedRaw = async (body: Buffer, words: RegExp): Promise<void> => {
        const before = await refs()
        const answer = await post(gateway.sample, who, body)
        assert.equal(answer.status, 200)
        assert.match(answer.text, words)
        assert.match(answer.text, /ng refs\/heads\//)
        assert.deepEqual(await refs(), before)
      }
      test('corrupt, cut short, with something behind, or none at all', async () => {
        const after_ = await tip()
        const update = { before: ZERO, after: after_, ref: `refs/heads/bad-${n++}` }
        const pack = (bytes: Buffer): Buffer => plainBody([update], bytes)
        const good = Buffer.from('5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e', 'hex')
        const flipped = Buffer.from(good)
        flipped[20]! ^= 1
        for (const bytes of [
          flipped,
          good.subarray(0, 20),
          Buffer.concat([good, Buffer.from('junk')]),
          Buffer.from('not a pack at all, but long enough to be one'),
          Buffer.alloc(0),
        ])
          await refusedRaw(pack(bytes), /ng refs\/heads\//)
      })
      test('that does not hold what the commands name', async () => {
        const good = Buffer.from('5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e', 'hex')
        await refusedRaw(
          plainBody([{ before: ZERO, after: '1'.repeat(40), ref: `refs/heads/bad-${n++}` }], good),
          /does not hold|not hold/,
        )
      })
    })

    test('a client without a side band hears how to sign instead', async () => {
      const update = { before: ZERO, after: await tip(), ref: `refs/heads/bare-${n++}` }
      const body = plainBody([update])
      const plain = Buffer.from(body.toString('latin1').replace(' side-band-64k', ' xxxx-band-64k'), 'latin1')
      assert.match((await post(gateway.sample, who, plain)).text, /ng refs\/heads\/bare-\d+ proof needed/)
    })
  })

  describe(`holds under pressure, in front of ${forge.name}`, () => {
    test('expiry; the caps of an account; TERM and kill -9 while a push waits', async () => {
      const home = scratch('short')
      writeFileSync(
        join(home, 'countersign.yaml'),
        'holds: { seconds: 5, perAccount: 3 }\nspool: { push: 1 }\n',
      )
      let gateway = await startGateway({ home, env: forge.env })
      const keeper = await pusher(gateway, 'keeper', gateway.enroll!)
      await keeper.git.ok(keeper.git.home, 'clone', '-q', keeper.remote(gateway.sample), 'work')
      const work = keeper.git.path('work')
      const before = await keeper.git.ok(work, 'ls-remote', 'origin')
      const held = Array.from({ length: 3 }, (_, i) => pushUnsigned(keeper.git, work, 'origin', `HEAD:e${i}`))
      await Promise.all(held.map(({ code }) => code))
      const fourth = await pushUnsigned(keeper.git, work, 'origin', 'HEAD:e3').done
      assert.match(fourth.stderr, /pushes wait[\s\S]*rate limited/)
      for (const { code, stderr } of await Promise.all(held.map(({ done }) => done))) {
        assert.notEqual(code, 0)
        assert.match(stderr, /Nobody touched a key for this push in time[\s\S]*within 5 seconds/)
      }
      assert.equal((await ledgerEntries(home, 'hold.end')).filter(({ end }) => end === 'expired').length, 3)

      // Larger than the disk that is set aside: refused with the way out, and nothing is left behind.
      const { randomBytes } = await import('node:crypto')
      await keeper.git.commit(work, 'big', (dir) => writeFileSync(join(dir, 'big'), randomBytes(3 << 20)))
      const big = await pushUnsigned(keeper.git, work, 'origin', 'HEAD:big').done
      assert.match(big.stderr, /too large/)
      await keeper.git.ok(work, 'reset', '-q', '--hard', 'HEAD^')

      const stopped = pushUnsigned(keeper.git, work, 'origin', 'HEAD:stopped')
      await stopped.code
      await gateway.stop()
      assert.match((await stopped.done).stderr, /The gateway is stopping[\s\S]*closing/)
      assert.equal((await ledgerEntries(home, 'hold.end')).at(-1)!['end'], 'closed')

      gateway = await startGateway({ home, env: forge.env })
      await keeper.git.ok(work, 'remote', 'set-url', 'origin', keeper.remote(gateway.sample))
      const killed = pushUnsigned(keeper.git, work, 'origin', 'HEAD:killed')
      await killed.code
      await gateway.kill()
      assert.notEqual((await killed.done).code, 0)
      gateway = await startGateway({ home, env: forge.env })
      assert.equal((await ledgerEntries(home, 'hold.end')).at(-1)!['end'], 'restart')
      assert.equal(await openHolds(home), 0)
      await keeper.git.ok(work, 'remote', 'set-url', 'origin', keeper.remote(gateway.sample))
      assert.equal(await keeper.git.ok(work, 'ls-remote', 'origin'), before)
      const verified = await run([cli, 'ledger', 'verify', '--home', home])
      assert.equal(verified.code, 0, verified.stderr)
      await gateway.stop()
    })
  })
}

describe('two hundred pushes that wait at once', () => {
  test('all are held, each can be approved, and the others end with their clients', async () => {
    const home = scratch('many')
    writeFileSync(join(home, 'countersign.yaml'), 'holds: { perAccount: 300, total: 300 }\n')
    const gateway = await startGateway({ home, env: { COUNTERSIGN_FORGE: 'stand-in' } })
    const keeper = await pusher(gateway, 'keeper', gateway.enroll!)
    const who = { user: 'keeper', password: keeper.password }
    const [, tip] = [...(await advertised(gateway.sample, who)).refs].find(
      ([ref]) => ref === 'refs/heads/main',
    )!
    const held = Array.from({ length: 200 }, (_, i) =>
      holdRaw(gateway.sample, who, plainBody([{ before: ZERO, after: tip, ref: `refs/heads/many-${i}` }])),
    )
    const codes = await Promise.all(held.map(({ code }) => code))
    assert.equal(new Set(codes).size, 200)
    const chosen = [0, 99, 199]
    for (const i of chosen) assert.equal((await approvePush(keeper.person, codes[i]!)).status, 200)
    for (const i of chosen) assert.match(await held[i]!.answer, new RegExp(`ok refs/heads/many-${i}`))
    for (const [i, { leave }] of held.entries()) if (!chosen.includes(i)) leave()
    await until(async () => (await openHolds(home)) === 0)
    const ends = await ledgerEntries(home, 'hold.end')
    assert.equal(ends.filter(({ end }) => end === 'gone').length, 197)
    const landed = [...(await advertised(gateway.sample, who)).refs.keys()].filter((ref) =>
      ref.includes('many-'),
    )
    assert.equal(landed.length, 3)
    await gateway.stop()
  })
})

async function lastIndex(home: string, type: string): Promise<number> {
  const store = await openSqlite(join(home, 'countersign.db'))
  const row = await store.db
    .selectFrom('ledger_entry')
    .select('idx')
    .where('type', '=', type)
    .orderBy('idx', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  await store.close()
  return row.idx
}

async function openHolds(home: string): Promise<number> {
  const store = await openSqlite(join(home, 'countersign.db'))
  const rows = await store.db.selectFrom('hold').selectAll().execute()
  await store.close()
  return rows.length
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await holds()) return
    await wait(50)
  }
  assert.fail('it did not come to that')
}

/** The public key inside an armored SSHSIG, as a line of an allowed-signers file has it. */
async function sshKeyOf(armored: string): Promise<string> {
  const { dearmor, parseSshsig } = await import('../../src/core/ssh/sshsig.ts')
  const sig = parseSshsig(dearmor(armored)!)
  assert.ok(sig.ok)
  return `sk-ecdsa-sha2-nistp256@openssh.com ${Buffer.from(sig.value.publicKey).toString('base64')}`
}
