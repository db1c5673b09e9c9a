import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Account, accountId } from '../core/identity.ts'
import { refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import { ForgeError } from '../upstream/forge.ts'
import { createForgeNames } from './forge-names.ts'

const ALICE: Account = {
  id: accountId('a'),
  name: 'alice',
  email: 'alice@example.com',
  forgeId: 7,
  admin: false,
  state: 'active',
}

/** A forge with these people, and what was asked of it. */
function bed(people: Record<string, number>) {
  const log: string[] = []
  const names = createForgeNames({
    forge: {
      async user(name) {
        log.push(`user ${name}`)
        if (name === 'silent') throw new ForgeError('unreachable', 'no')
        const id = people[name]
        return id === undefined ? undefined : { id, name, fullName: '', email: '' }
      },
      async nameOf(id) {
        log.push(`nameOf ${id}`)
        return Object.entries(people).find((one) => one[1] === id)?.[0]
      },
      dropGitAuthorization: (name) => void log.push(`drop ${name}`),
    },
    identity: {
      async renameAccount(id, name) {
        log.push(`rename ${id} ${name}`)
        return name === 'refused' ? err(refusal('internal', 'no')) : ok({ ...ALICE, name })
      },
    },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  })
  return { names, log }
}

test('a name that is still theirs is asked for once in half a minute', async () => {
  const { names, log } = bed({ alice: 7 })
  assert.equal(names.holds(ALICE, 0), false)
  assert.deepEqual(await names.ask(ALICE, 0), ok(ALICE))
  assert.equal(names.holds(ALICE, 29_999), true)
  assert.equal(names.holds(ALICE, 30_000), false)
  assert.equal(names.holds({ ...ALICE, name: 'ally' }, 1), false)
  names.forget(ALICE.id)
  assert.equal(names.holds(ALICE, 1), false)
  assert.deepEqual(log, ['user alice'])
})

test('a name that somebody else has by now is not acted under: the id is followed, and minted tokens go', async () => {
  const { names, log } = bed({ alice: 12, ally: 7 })
  assert.deepEqual(await names.ask(ALICE, 0), ok({ ...ALICE, name: 'ally' }))
  assert.deepEqual(log, ['user alice', 'drop alice', 'nameOf 7', 'rename a ally', 'drop ally'])
  assert.equal(names.holds(ALICE, 1), false)
  assert.equal(names.holds({ ...ALICE, name: 'ally' }, 1), true)
})

test('an id that the forge no longer has is nobody, and nothing is remembered', async () => {
  const { names } = bed({ alice: 12 })
  const asked = await names.ask(ALICE, 0)
  assert.ok(!asked.ok && asked.error.reason === 'account-inactive')
  assert.equal(names.holds(ALICE, 1), false)
})

test('a forge that does not answer, and a rename that is refused, let nobody pass', async () => {
  const silent = await bed({}).names.ask({ ...ALICE, name: 'silent' }, 0)
  assert.ok(!silent.ok && silent.error.reason === 'upstream')
  const { names } = bed({ refused: 7 })
  assert.equal((await names.ask(ALICE, 0)).ok, false)
  assert.equal(names.holds({ ...ALICE, name: 'refused' }, 1), false)
})

test('many requests at once ask once', async () => {
  const { names, log } = bed({ alice: 7 })
  await Promise.all([1, 2, 3].map(() => names.ask(ALICE, 0)))
  assert.deepEqual(log, ['user alice'])
})
