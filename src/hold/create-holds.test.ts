import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { accountId, deviceId, sessionId } from '../core/identity.ts'
import { refusal } from '../core/refusal.ts'
import type { Revocation } from '../identity/identity.ts'
import { createHolds, type HeldPush, type HoldRegistry, type HoldRequest } from './create-holds.ts'
import type { HoldApproval } from './holds.ts'

const alice = accountId('alice')
const bob = accountId('bob')
const phone = deviceId('phone')
const LIFE = 300_000
const approval: HoldApproval = {
  device: phone,
  shown: 'diff',
  batch: null,
  signature: null,
  assertion: { credential: '', authenticatorData: '', clientDataJSON: '', signature: '' },
}

function bed(limits: { perAccount?: number; total?: number } = {}): {
  holds: HoldRegistry
  revoke(revocation: Revocation): void
  open(change?: Partial<HoldRequest>): HeldPush
  seen: string[]
} {
  const listeners: ((revocation: Revocation) => void)[] = []
  const holds = createHolds({
    limits: { perAccount: 3, total: 5, life: LIFE, ...limits },
    identity: {
      onRevoke(listener) {
        listeners.push(listener)
        return () => undefined
      },
    },
    now: Date.now,
  })
  const seen: string[] = []
  holds.watch(alice, () =>
    seen.push(
      holds
        .waiting(alice)
        .map(({ state }) => state)
        .join(' '),
    ),
  )
  return {
    holds,
    seen,
    revoke: (revocation) => {
      for (const listener of listeners) listener(revocation)
    },
    open(change = {}) {
      const opened = holds.open({
        account: alice,
        device: phone,
        credential: 'password 1',
        repo: { id: 1, owner: 'alice', name: 'app' },
        part: 'code',
        updates: [],
        pushOptions: [],
        client: { address: '127.0.0.1', userAgent: 'git/2' },
        why: 'changes need a touch',
        people: 0,
        ways: () => [],
        patch: () => Promise.resolve({ files: [], cut: false }),
        ...change,
      })
      assert.ok(opened.ok)
      return opened.value
    },
  }
}

describe('a held push', () => {
  test('comes in, waits, is approved once, and lands', async () => {
    const { open, seen } = bed()
    const held = open()
    assert.equal(held.hold.state, 'receiving')
    assert.ok(held.hold.approve(approval), 'there is nothing to approve yet')
    held.ready(Buffer.from('certificate'))
    assert.equal(held.hold.state, 'waiting')
    assert.equal(held.hold.approve(approval), undefined)
    assert.equal(held.hold.approve(approval)?.reason, 'proof-invalid')
    assert.equal(held.hold.refuse('late')?.reason, 'proof-invalid')
    assert.deepEqual(await held.answer, { ok: true, value: approval })
    held.settled('landed', null)
    held.settled('rejected', 'never')
    assert.equal(held.hold.state, 'landed')
    assert.equal(held.ended.aborted, false)
    assert.deepEqual(seen, ['receiving', 'waiting', '', ''])
  })
  test('ends once, and then cannot be approved', async () => {
    const ends: readonly [string, (held: HeldPush, bed_: ReturnType<typeof bed>) => unknown, string][] = [
      ['refused', ({ hold }) => hold.refuse(' not mine\u001b[2J '), 'not-approved'],
      ['gone', (held) => held.stop('gone', refusal('not-approved', 'left')), 'not-approved'],
      ['closed', (_, { holds }) => holds.close(), 'closing'],
      ['revoked', (_, { revoke }) => revoke({ kind: 'account', account: alice }), 'not-approved'],
      [
        'revoked',
        (_, { revoke }) => revoke({ kind: 'device', account: alice, device: phone }),
        'not-approved',
      ],
      [
        'revoked',
        (_, { revoke }) => revoke({ kind: 'git-password', account: alice, id: 'password 1' }),
        'not-approved',
      ],
    ]
    for (const [state, end, reason] of ends) {
      const made = bed()
      const held = made.open()
      held.ready(Buffer.from('c'))
      end(held, made)
      held.stop('unusable', refusal('internal', 'a second end'))
      assert.equal(held.hold.state, state)
      assert.equal(held.end, state)
      assert.ok(held.ended.aborted)
      assert.equal(held.hold.approve(approval)?.reason, 'proof-invalid')
      const answer = await held.answer
      assert.ok(!answer.ok)
      assert.equal(answer.error.reason, reason, state)
    }
  })
  test('is not ended by what it does not hang on', () => {
    const { open, revoke } = bed()
    const held = open()
    revoke({ kind: 'account', account: bob })
    revoke({ kind: 'device', account: alice, device: deviceId('laptop') })
    revoke({ kind: 'git-password', account: alice, id: 'password 2' })
    revoke({ kind: 'session', account: alice, session: sessionId('password 1') })
    assert.equal(held.hold.state, 'receiving')
  })
  test('expires by its life, counted from when it can be approved', async () => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] })
    try {
      const { open } = bed()
      const held = open()
      mock.timers.tick(LIFE * 2)
      held.ready(Buffer.from('c'))
      assert.equal(held.hold.expiresAt, Date.now() + LIFE)
      mock.timers.tick(LIFE - 1)
      assert.equal(held.hold.state, 'waiting')
      mock.timers.tick(1)
      assert.equal(held.hold.state, 'expired')
      const answer = await held.answer
      assert.match(answer.ok ? '' : answer.error.fix!, /within 5 minutes/)
    } finally {
      mock.timers.reset()
    }
  })
  test('is found by its person alone, in any spelling of its code', () => {
    const { open, holds } = bed()
    const held = open()
    const { code } = held.hold
    assert.equal(holds.byCode(alice, code.toLowerCase().replace('-', '')), held.hold)
    assert.equal(holds.byCode(bob, code), undefined)
    assert.equal(holds.byCode(alice, 'AAAA-AAAA'), undefined)
    assert.equal(holds.byCode(alice, ''), undefined)
  })
})

test('a gateway that stops holds nothing more', () => {
  const { holds } = bed()
  holds.close()
  const opened = holds.open(request)
  assert.equal(opened.ok ? '' : opened.error.reason, 'closing')
})

describe('caps', () => {
  test('of one account, of all, and what has ended counts no more', () => {
    const { open, holds } = bed()
    const first = [open(), open(), open()]
    assert.throws(() => open(), /ok/)
    open({ account: bob })
    open({ account: bob })
    const full = holds.open({ ...request, account: accountId('carol') })
    assert.equal(full.ok ? '' : full.error.reason, 'rate-limited')
    first[0]!.hold.refuse('')
    assert.equal(open().hold.state, 'receiving')
  })
  test('ended ones are remembered for a while, and not without end', () => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] })
    try {
      const { open, holds } = bed()
      const codes = Array.from({ length: 60 }, () => {
        const held = open()
        held.hold.refuse('')
        return held.hold.code
      })
      assert.equal(codes.filter((code) => holds.byCode(alice, code)).length, 50)
      mock.timers.tick(10 * 60_000)
      assert.equal(codes.filter((code) => holds.byCode(alice, code)).length, 0)
    } finally {
      mock.timers.reset()
    }
  })
})

const request: HoldRequest = {
  account: alice,
  device: phone,
  credential: '',
  repo: { id: 1, owner: 'a', name: 'b' },
  part: 'code',
  updates: [],
  pushOptions: [],
  client: { address: '', userAgent: '' },
  why: '',
  people: 0,
  ways: () => [],
  patch: () => Promise.resolve({ files: [], cut: false }),
}
