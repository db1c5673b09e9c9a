import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type SoftPasskey, softPasskey } from '../../../test/support/soft-passkey.ts'
import { sha256Hex } from '../crypto.ts'
import { writeHeldCertificate } from '../git/held-certificate.ts'
import { es256Point } from '../ssh/cose-es256.ts'
import { signedData } from '../ssh/sshsig.ts'
import { sshsigFromAssertion } from '../ssh/webauthn-signature.ts'
import { STATEMENT_NAMESPACE, writeStatement } from '../statement/statement.ts'
import { checkApproval, type RecordedApproval } from './approval.ts'

const origin = 'https://id.git.example.com'
const rpId = 'id.git.example.com'
const actor = { name: 'alice', forgeId: 7 }
const NOW = 1_800_000_000_000
const update = { before: '1'.repeat(40), after: '2'.repeat(40), ref: 'refs/heads/main' }

function certificateFor(name = actor.name, portal = origin): Buffer {
  return writeHeldCertificate(
    { name, portal, time: NOW },
    {
      pushee: 'https://git.example.com/acme/app.git',
      nonce: 'cs1.x.y.z',
      pushOptions: [],
      updates: [update],
    },
  )
}
const certificate = certificateFor()

interface Made {
  readonly approval: RecordedApproval
  readonly cose: Buffer
}

/** What a browser gives for a challenge, as the record keeps it. */
function approve(
  options: {
    passkey?: SoftPasskey
    certificate?: Buffer
    batch?: string
    namespace?: string
    algorithm?: 'ES256' | 'EdDSA' | 'RS256'
  } = {},
): Made {
  const passkey = options.passkey ?? softPasskey(origin, rpId, options.algorithm ?? 'ES256')
  const text = options.certificate ?? certificate
  const batch = options.batch ?? null
  const namespace = options.namespace ?? (batch === null ? 'git' : STATEMENT_NAMESPACE)
  const signed = batch === null ? text : Buffer.from(batch)
  const { response } = passkey.get({
    challenge: signedData(namespace, 'sha512', signed).toString('base64url'),
  }) as { response: Record<string, string> }
  const [authenticatorData, clientDataJSON, signature] = [
    response['authenticatorData']!,
    response['clientDataJSON']!,
    response['signature']!,
  ]
  const cose = passkey.cose
  const point = es256Point(cose)
  const decode = (part: string): Buffer => Buffer.from(part, 'base64url')
  return {
    cose,
    approval: {
      certificate: text,
      batch,
      signature: point
        ? sshsigFromAssertion(
            {
              point,
              rpId,
              origin,
              authenticatorData: decode(authenticatorData),
              clientDataJSON: decode(clientDataJSON),
              signature: decode(signature),
            },
            namespace,
          )!
        : null,
      assertion: { authenticatorData, clientDataJSON, signature },
    },
  }
}

function judged(
  { approval, cose }: Made,
  change: Partial<Parameters<typeof checkApproval>[1]> = {},
): unknown {
  const checked = checkApproval(approval, { cose, origin, rpId, actor, time: NOW, ...change })
  return checked.ok ? checked.value : checked.error
}

function batchOf(items: readonly Buffer[], change: object = {}): string {
  return writeStatement({
    origin,
    actor,
    action: 'push.batch',
    resource: null,
    fields: items
      .map((item) => `sha256:${sha256Hex(item)}`)
      .sort()
      .map((item) => ['item', item] as const),
    policy: `sha256:${'0'.repeat(64)}`,
    issued: NOW - 1000,
    expires: NOW + 300_000,
    nonce: 'n'.repeat(43),
    ...change,
  })
}

describe('a touch on a gateway-written certificate', () => {
  test('holds, by every kind of key, with the flags it was given with', () => {
    for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
      const passkey = softPasskey(origin, rpId, algorithm)
      passkey.flags = 1
      passkey.counter = 9
      const made = approve({ passkey })
      assert.equal(made.approval.signature === null, algorithm !== 'ES256')
      assert.deepEqual(judged(made), { up: true, uv: false, counter: 9 })
      passkey.flags = 4
      assert.deepEqual(judged(approve({ passkey })), { up: false, uv: true, counter: 9 })
    }
  })
  test('not on another certificate, by another account, portal or site', () => {
    const other = certificateFor()
    other[other.length - 2]! ^= 1
    const made = approve()
    assert.equal(judged({ ...made, approval: { ...made.approval, certificate: other } }), 'wrong-site')
    assert.equal(judged(made, { actor: { ...actor, name: 'bob' } }), 'not-written-by-the-gateway')
    assert.equal(judged(approve({ certificate: certificateFor('bob') })), 'not-written-by-the-gateway')
    assert.equal(
      judged(approve({ certificate: certificateFor('alice', 'https://id.example.com') })),
      'not-written-by-the-gateway',
    )
    assert.equal(judged(approve({ certificate: Buffer.from('hello\n') })), 'not-written-by-the-gateway')
    assert.equal(judged(approve({ passkey: softPasskey('https://evil.example', rpId) })), 'wrong-site')
    assert.equal(judged(approve({ passkey: softPasskey(origin, 'git.example.com') })), 'wrong-site')
    assert.equal(judged(made, { cose: approve().cose }), 'bad-signature')
    assert.equal(judged(approve({ namespace: STATEMENT_NAMESPACE })), 'wrong-site')
  })
  test('not with an SSH form that says something else', () => {
    const [made, other] = [approve(), approve()]
    const mixed = { ...made.approval, signature: other.approval.signature }
    assert.equal(judged({ ...made, approval: mixed }), 'ssh-form')
    assert.equal(judged({ ...made, approval: { ...made.approval, signature: 'x' } }), 'ssh-form')
  })
})

describe('a touch on a batch', () => {
  const others = [Buffer.from('another certificate'), certificate]
  test('holds for each certificate that it lists', () => {
    assert.deepEqual(judged(approve({ batch: batchOf(others) })), { up: true, uv: true, counter: 0 })
  })
  test('not for one that joined late, nor by another account, portal or at another time', () => {
    for (const batch of [
      batchOf([others[0]!, others[0]!.subarray(1)]),
      batchOf(others, { actor: { name: 'bob', forgeId: 7 } }),
      batchOf(others, { actor: { name: 'alice', forgeId: 8 } }),
      batchOf(others, { origin: 'https://id.example.com' }),
      batchOf(others, { issued: NOW + 120_000, expires: NOW + 300_000 }),
      batchOf(others, { issued: NOW - 900_000, expires: NOW - 600_000 }),
      'no statement',
    ])
      assert.equal(judged(approve({ batch })), 'not-in-batch', batch)
  })
  test('not when the certificate itself was signed and the batch only put beside it', () => {
    const made = approve()
    assert.equal(judged({ ...made, approval: { ...made.approval, batch: batchOf(others) } }), 'wrong-site')
  })
  test('a statement of another action is no batch', () => {
    const grant = batchOf(others, { action: 'git-password.create', fields: [] })
    assert.equal(judged(approve({ batch: grant })), 'not-in-batch')
  })
})
