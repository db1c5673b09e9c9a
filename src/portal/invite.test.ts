import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeIdentity } from '../../test/e2e/pages/fake-identity.ts'
import { err, ok } from '../core/result.ts'
import type { Forge, ForgeUser } from '../upstream/forge.ts'
import { createInvite } from './invite.ts'

const dave = { name: 'dave', email: 'dave@example.com', admin: false }

function setup(answer: 'made' | 'exists' | 'bad-name', there?: ForgeUser) {
  const identity = fakeIdentity(() => 0)
  const asked: string[] = []
  const forge = {
    createUser: async ({ name, email }: typeof dave) => {
      asked.push(name)
      return answer === 'made' ? ok({ id: 7, name, fullName: '', email }) : err(answer)
    },
    user: async () => there,
  } as unknown as Forge
  return { identity, asked, invite: createInvite({ forge, identity, now: () => 0 }) }
}

test('a new person gets a user, an account bound to its id, and a link', async () => {
  const { identity, invite } = setup('made')
  const result = await invite(dave, 'device:d1')
  assert.ok(result.ok)
  assert.equal(identity.invitation(result.value.secret, 0)?.account.forgeId, 7)
  assert.deepEqual(identity.log, ['createAccount dave', `invite ${identity.accountByName('dave')?.id}`])
})

test('a user of the forge is taken over when the e-mail agrees, and only then', async () => {
  const same = setup('exists', { id: 9, name: 'Dave', fullName: '', email: 'Dave@Example.com' })
  assert.ok((await same.invite(dave, 'x')).ok)
  assert.equal(same.identity.accountByName('Dave')?.forgeId, 9)
  for (const there of [undefined, { id: 9, name: 'dave', fullName: '', email: 'other@example.com' }]) {
    const other = setup('exists', there)
    const result = await other.invite(dave, 'x')
    assert.equal(result.ok ? '' : result.error.reason, 'bad-request')
    assert.deepEqual(other.identity.log, [])
  }
})

test('a name the forge does not take makes no account', async () => {
  const { identity, invite } = setup('bad-name')
  assert.ok(!(await invite(dave, 'x')).ok)
  assert.deepEqual(identity.log, [])
})

test('a person without any device gets a fresh link; with one, or disabled, they do not', async () => {
  const { identity, invite, asked } = setup('made')
  const account = identity.seedAccount(dave)
  assert.ok((await invite(dave, 'x')).ok)
  identity.seedDevice({ account: account.id, state: 'revoked' })
  assert.ok(!(await invite(dave, 'x')).ok)
  identity.seedAccount({ name: 'erin', state: 'disabled' })
  assert.ok(!(await invite({ ...dave, name: 'erin' }, 'x')).ok)
  assert.deepEqual(asked, [])
})
