import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { enrolled, ORIGIN, reason, type World, world } from '../../test/support/ceremony-bed.ts'
import { MINUTE } from '../../test/support/identity-bed.ts'
import { type SoftPasskey, softPasskey } from '../../test/support/soft-passkey.ts'
import { writeHeldCertificate } from '../core/git/held-certificate.ts'
import type { AccountId, DeviceId } from '../core/identity.ts'
import { signedData, verifySshsig } from '../core/ssh/sshsig.ts'

function certificate(nonce = 'n1'): Buffer {
  const zero = '0'.repeat(40)
  return writeHeldCertificate(
    { name: 'alice', portal: ORIGIN, time: 1_795_503_600_000 },
    {
      pushee: 'https://git.example.com/acme/app.git',
      nonce,
      pushOptions: [],
      updates: [{ before: zero, after: '1'.repeat(40), ref: 'refs/heads/main' }],
    },
  )
}

async function begin(
  at: World,
  account: AccountId,
  ways: readonly (readonly [DeviceId, uv: boolean])[],
  text = certificate(),
) {
  const begun = at.ceremonies.beginPush('pre', account, {
    certificate: text,
    ways: ways.map(([id, uv]) => ({ device: at.identity.device(id)!, uv })),
    until: at.clock.now + 10 * MINUTE,
  })
  assert.ok(begun.ok, JSON.stringify(begun))
  return begun.value as {
    id: string
    options: {
      challenge: string
      userVerification: string
      timeout: number
      allowCredentials: { id: string }[]
    }
  }
}

describe('a touch on a held push', () => {
  test('signs the certificate as git does: ssh-keygen’s form of it verifies, with and without a PIN', async () => {
    const at = await world()
    const { who, passkey, device } = await enrolled(at, 'alice')
    for (const [flags, uv] of [
      [0x05, true],
      [0x01, false],
    ] as const) {
      passkey.flags = flags
      const { id, options } = await begin(at, who.id, [[device, false]])
      assert.equal(options.challenge, signedData('git', 'sha512', certificate()).toString('base64url'))
      const signed = await at.ceremonies.finishPush('pre', who.id, id, passkey.get(options))
      assert.ok(signed.ok, JSON.stringify(signed))
      assert.deepEqual([signed.value.device, signed.value.uv], [device, uv])
      const verified = verifySshsig(signed.value.sshsig!, certificate(), 'git', ORIGIN)
      assert.ok(verified.ok)
      assert.deepEqual([verified.value.up, verified.value.uv], [true, uv])
      assert.equal(signed.value.evidence['credential'], passkey.id)
    }
  })

  for (const algorithm of ['EdDSA', 'RS256'] as const)
    test(`${algorithm} has no SSH form: the raw assertion stands alone`, async () => {
      const at = await world()
      const passkey = softPasskey(ORIGIN, undefined, algorithm)
      const { who, device } = await enrolled(at, 'alice', passkey)
      const { id, options } = await begin(at, who.id, [[device, true]])
      const signed = await at.ceremonies.finishPush('pre', who.id, id, passkey.get(options))
      assert.ok(signed.ok)
      assert.equal(signed.value.sshsig, null)
      assert.ok(signed.value.evidence['signature'])
    })

  test('asks for the devices that will do, once each, and for a PIN as they want one', async () => {
    const at = await world()
    const { who, passkey, device } = await enrolled(at, 'alice')
    const asked = async (...uvs: boolean[]) =>
      (
        await begin(
          at,
          who.id,
          uvs.map((uv) => [device, uv] as const),
        )
      ).options
    assert.equal((await asked(true, true)).userVerification, 'required')
    assert.equal((await asked(false)).userVerification, 'discouraged')
    const both = await asked(false, true)
    assert.equal(both.userVerification, 'preferred')
    assert.deepEqual(
      both.allowCredentials.map(({ id }) => id),
      [passkey.id],
    )
    assert.equal(both.timeout, 5 * MINUTE)
  })

  test('refused to begin: no way, too late, disabled account', async () => {
    const at = await world()
    const { who, device } = await enrolled(at, 'alice')
    const ways = [{ device: at.identity.device(device)!, uv: false }]
    const push = { certificate: certificate(), ways, until: at.clock.now + MINUTE }
    assert.equal(reason(at.ceremonies.beginPush('pre', who.id, { ...push, ways: [] })), 'proof-needed')
    assert.equal(
      reason(at.ceremonies.beginPush('pre', who.id, { ...push, until: at.clock.now })),
      'proof-invalid',
    )
    await at.identity.setAccountState(who.id, 'disabled', 'test')
    assert.equal(reason(at.ceremonies.beginPush('pre', who.id, push)), 'account-inactive')
  })

  test('refused to finish: twice, another browser, another person, late, another push', async () => {
    const at = await world()
    const { who, passkey, device } = await enrolled(at, 'alice')
    const bob = await enrolled(at, 'bob')
    const finish = async (
      change: { pre?: string; who?: AccountId; by?: SoftPasskey; text?: Buffer; late?: number } = {},
    ): Promise<string> => {
      const { id, options } = await begin(at, who.id, [[device, false]], change.text)
      at.clock.now += change.late ?? 0
      const wanted = { challenge: signedData('git', 'sha512', certificate()).toString('base64url') }
      const answer = (change.by ?? passkey).get(change.text ? wanted : options)
      const first = await at.ceremonies.finishPush(change.pre ?? 'pre', change.who ?? who.id, id, answer)
      assert.equal(
        reason(await at.ceremonies.finishPush('pre', who.id, id, answer)),
        'proof-invalid',
        'a second time',
      )
      return reason(first)
    }
    assert.equal(await finish(), 'ok')
    assert.equal(await finish({ pre: 'other' }), 'proof-invalid')
    assert.equal(await finish({ who: bob.who.id }), 'proof-invalid')
    assert.equal(await finish({ by: bob.passkey }), 'proof-invalid')
    assert.equal(await finish({ by: softPasskey(ORIGIN) }), 'bad-credential')
    assert.equal(await finish({ text: certificate('n2') }), 'proof-invalid')
    assert.equal(await finish({ late: 6 * MINUTE }), 'proof-invalid')
  })

  const bad: readonly [string, (passkey: SoftPasskey) => void][] = [
    ['no touch', (passkey) => (passkey.flags = 0x04)],
    ['another origin', (passkey) => (passkey.origin = 'https://git.example.com')],
    ['another RP ID', (passkey) => (passkey.rpId = 'git.example.com')],
    ['a cross-origin frame', (passkey) => (passkey.crossOrigin = true)],
  ]
  for (const [name, change] of bad)
    test(`refused: ${name}`, async () => {
      const at = await world()
      const { who, passkey, device } = await enrolled(at, 'alice')
      change(passkey)
      const { id, options } = await begin(at, who.id, [[device, false]])
      assert.equal(
        reason(await at.ceremonies.finishPush('pre', who.id, id, passkey.get(options))),
        'proof-invalid',
      )
    })

  test('refused: an own passkey that was not asked for, a revoked one', async () => {
    const at = await world()
    const { who, passkey, device } = await enrolled(at, 'alice')
    const second = softPasskey(ORIGIN)
    const asked = await at.ceremonies.beginAddPasskey('pre', who.id, { device, evidence: {} })
    assert.ok(asked.ok)
    const added = await at.ceremonies.finishAddPasskey(
      'pre',
      who.id,
      second.create(asked.value as never),
      'second',
    )
    assert.ok(added.ok)
    const other = await begin(at, who.id, [[device, false]])
    assert.equal(
      reason(await at.ceremonies.finishPush('pre', who.id, other.id, second.get(other.options))),
      'proof-invalid',
    )
    const { id, options } = await begin(at, who.id, [[device, false]])
    await at.identity.setDeviceState(device, 'revoked', 'test')
    assert.equal(
      reason(await at.ceremonies.finishPush('pre', who.id, id, passkey.get(options))),
      'device-inactive',
    )
  })
})

test('a statement that only some devices may sign is refused from the others', async () => {
  const at = await world()
  const { who, passkey, device } = await enrolled(at, 'alice')
  const items = ['1', '2'].map((digit) => ['item', `sha256:${digit.repeat(64)}`] as const)
  const wish = { action: 'push.batch', fields: items }
  assert.equal(reason(await at.ceremonies.beginApproval('pre', who.id, wish, undefined, [])), 'proof-needed')
  const begun = await at.ceremonies.beginApproval('pre', who.id, wish, undefined, [device])
  assert.ok(begun.ok)
  assert.match(begun.value.text, /\naction push\.batch\nfield item sha256:1{64}\nfield item sha256:2{64}\n/)
  const signed = await at.ceremonies.finishApproval(
    'pre',
    who.id,
    begun.value.id,
    passkey.get(begun.value.options as never),
  )
  assert.ok(signed.ok)
  const second = softPasskey(ORIGIN)
  const asked = await at.ceremonies.beginAddPasskey('pre', who.id, { device, evidence: {} })
  assert.ok(asked.ok)
  assert.ok(
    (await at.ceremonies.finishAddPasskey('pre', who.id, second.create(asked.value as never), 'second')).ok,
  )
  const again = await at.ceremonies.beginApproval('pre', who.id, wish, undefined, [device])
  assert.ok(again.ok)
  assert.equal(
    reason(
      await at.ceremonies.finishApproval(
        'pre',
        who.id,
        again.value.id,
        second.get(again.value.options as never),
      ),
    ),
    'proof-invalid',
  )
})
