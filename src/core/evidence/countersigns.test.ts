import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { softPasskey } from '../../../test/support/soft-passkey.ts'
import { sha256Hex } from '../crypto.ts'
import type { Json } from '../ledger/canonical-json.ts'
import { signedData } from '../ssh/sshsig.ts'
import { countersignFields } from '../statement/countersign.ts'
import { STATEMENT_NAMESPACE, type Statement, writeStatement } from '../statement/statement.ts'
import { countersigns } from './countersigns.ts'
import type { Proven } from './records.ts'

const portal = 'https://id.git.example.com'
const rpId = 'id.git.example.com'
const NOW = 1_800_000_000_000
const alice = { name: 'alice', forgeId: 7 }
const bob = { name: 'bob', forgeId: 8 }
const signed = 'what alice signed\n'
const passkey = softPasskey(portal, rpId)

interface More {
  statement?: Partial<Statement>
  flags?: number
  record?: { readonly [key: string]: Json }
}

function countersigned({ statement = {}, flags = 5, record = {} }: More = {}): Json {
  const text = writeStatement({
    origin: portal,
    actor: bob,
    action: 'countersign',
    resource: { kind: 'repo', owner: 'acme', name: 'app', forgeId: 3 },
    fields: countersignFields(signed, 'repo.webhook.create', alice),
    policy: `sha256:${'0'.repeat(64)}`,
    issued: NOW,
    expires: NOW + 300_000,
    nonce: 'A'.repeat(43),
    ...statement,
  })
  passkey.flags = flags
  const { response } = passkey.get({
    challenge: signedData(STATEMENT_NAMESPACE, 'sha512', Buffer.from(text)).toString('base64url'),
  }) as { response: { [key: string]: string } }
  const { authenticatorData, clientDataJSON, signature } = response
  return {
    actor: { account: 'b', ...bob },
    device: { id: 'd', kind: 'webauthn', credential: passkey.id, publicKey: passkey.cose.toString('base64') },
    policy: { allowed: ['x'] },
    proof: { up: true, uv: true },
    statement: {
      kind: 'statement',
      text: Buffer.from(text).toString('base64'),
      signature: null,
      assertion: {
        credential: passkey.id,
        authenticatorData: authenticatorData!,
        clientDataJSON: clientDataJSON!,
        signature: signature!,
      },
    },
    ...record,
  }
}

/** What the first step about the countersignatures says. */
function first(all: Json, more: { readonly [key: string]: Json } = {}): string {
  const intent: Proven = {
    index: 8,
    entry: { v: 1, type: 'intent', time: NOW, commit: '' } as unknown as Proven['entry'],
    payload: {
      action: 'repo.webhook.create',
      actor: { account: 'a', ...alice },
      repo: { id: 3, owner: 'acme', name: 'app', part: 'code' },
      statement: { kind: 'statement', text: Buffer.from(signed).toString('base64') },
      countersigns: all,
      ...more,
    },
  }
  const step = countersigns([], intent, { portal, rpId }).next().value
  return step === undefined ? 'nothing' : `${step.outcome}: ${step.say}`
}

test('one that holds', () => {
  assert.equal(
    first([countersigned()]),
    'holds: bob countersigned what alice signed (touched, with PIN or biometric)',
  )
})

test('none', () => {
  assert.equal(first([]), 'nothing')
})

describe('fails', () => {
  const other = softPasskey(portal, rpId)
  const field = (key: string, value: string): Statement['fields'] =>
    countersignFields(signed, 'repo.webhook.create', alice).map(([k, v]) => [k, k === key ? value : v])
  const cases: readonly [string, Json, RegExp][] = [
    ['no list', 'x', /cannot be read/],
    [
      'of another text',
      [countersigned({ statement: { fields: field('of', `sha256:${sha256Hex('y')}`) } })],
      /another-change/,
    ],
    [
      'of another verb',
      [countersigned({ statement: { fields: field('verb', 'repo.delete') } })],
      /another-change/,
    ],
    [
      'for another requester',
      [countersigned({ statement: { fields: field('requester-id', '9') } })],
      /another-change/,
    ],
    [
      'of another repository',
      [countersigned({ statement: { resource: { kind: 'repo', owner: 'acme', name: 'app', forgeId: 4 } } })],
      /another-change/,
    ],
    ['by another person', [countersigned({ statement: { actor: alice } })], /another-actor/],
    [
      'at another portal',
      [countersigned({ statement: { origin: 'https://id.example.com' } })],
      /another-actor/,
    ],
    [
      'long over',
      [countersigned({ statement: { issued: NOW - 900_000, expires: NOW - 600_000 } })],
      /another-time/,
    ],
    [
      'without a touch',
      [countersigned({ flags: 4, record: { proof: { up: false, uv: true } } })],
      /not the one in the signature/,
    ],
    ['without the PIN on record', [countersigned({ flags: 1 })], /not the one in the signature/],
    [
      'by the requester',
      [countersigned({ record: { actor: { account: 'a', ...alice } } })],
      /one person stands for two/,
    ],
    [
      'by another key',
      [
        countersigned({
          record: {
            device: {
              id: 'd',
              kind: 'webauthn',
              credential: passkey.id,
              publicKey: other.cose.toString('base64'),
            },
          },
        }),
      ],
      /bad-signature/,
    ],
    [
      'by another credential',
      [
        countersigned({
          record: {
            device: {
              id: 'd',
              kind: 'webauthn',
              credential: other.id,
              publicKey: passkey.cose.toString('base64'),
            },
          },
        }),
      ],
      /another passkey/,
    ],
    ['nothing in it', [{}], /cannot be read/],
    ['null in it', [null], /cannot be read/],
  ]
  for (const [name, all, words] of cases) test(name, () => assert.match(first(all), words))
})
