import { randomSecret } from '../../../src/core/crypto.ts'
import { type Account, type Device, sessionId } from '../../../src/core/identity.ts'
import type { FakePortal } from './fake-portal.ts'

const DAY = 24 * 3_600_000

/** A name that tries everything: markup, quotes, a right-to-left override, a zero-width space, a Cyrillic look-alike. */
export const HOSTILE = `<img src=x onerror=alert(1)>"'&\u202Egnp.exe\u200B p\u0430ypal`

export interface Seeded {
  readonly admin: Account
  readonly alice: Account
  readonly key: Device
  readonly adminSecret: string
  readonly aliceSecret: string
}

/** Two people with devices, sessions, a git password and some entries: what the pages look like in use. */
export async function seed(fake: FakePortal): Promise<Seeded> {
  const { identity, rows } = fake
  const alice = identity.seedAccount({ name: 'alice' })
  const admin = identity.seedAccount({ name: 'maintainer', admin: true })
  identity.seedAccount({ name: 'bob', state: 'disabled' })
  identity.seedAccount({ name: 'carol' })
  const key = identity.seedDevice({ account: alice.id, name: 'Blue security key' })
  const by = { account: alice.id, enrolledBy: `device:${key.id}` }
  identity.seedDevice({
    ...by,
    name: 'Work laptop',
    backupEligible: true,
    createdAt: fake.at - 40 * DAY,
    lastUsedAt: fake.at - 3 * DAY,
  })
  const fingerprint = 'SHA256:wbnpP0mQ1c7gq0Zk3l2bq0b8R3xS7Q2cZ0l8F5s1mVn'
  identity.seedDevice({
    ...by,
    name: 'Blue security key, git',
    kind: 'ssh-sk',
    credential: fingerprint,
    createdAt: fake.at - 12 * DAY,
  })
  identity.seedDevice({
    ...by,
    name: 'Old phone',
    state: 'revoked',
    createdAt: fake.at - 300 * DAY,
    lastUsedAt: fake.at - 200 * DAY,
  })
  const adminKey = identity.seedDevice({ account: admin.id, name: 'Desk key' })
  const { secret: aliceSecret, session } = identity.seedSession(alice, key)
  identity.seedSession(alice, key, { door: 'forge', parent: session.id })
  identity.seedSession(alice, key, {
    userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1',
    createdAt: fake.at - DAY / 2,
  })
  const { secret: adminSecret } = identity.seedSession(admin, adminKey)
  await identity.createGitPassword({
    account: alice.id,
    device: key.id,
    session: sessionId('s10'),
    now: fake.at - DAY / 4,
    evidence: {},
  })
  await identity.createToken({
    account: alice.id,
    device: key.id,
    name: 'nightly report',
    scope: { may: ['read'], repos: [{ id: 8, owner: 'acme', name: 'app' }] },
    expiresAt: fake.at + 7 * DAY,
    now: fake.at - DAY / 4,
    evidence: {},
  })
  const types = [
    ['outcome', 'acme/app · refs/heads/main · accepted'],
    ['intent', 'acme/app · refs/heads/main'],
    ['session.open', 'Blue security key'],
    ['git-password.create', 'Blue security key'],
    ['device.enrol', 'Blue security key, git'],
    ['decision', 'acme/payments · refs/heads/main · needs a touch'],
    ['invitation.create', null],
  ] as const
  types.forEach(([type, summary], i) => {
    rows.push({
      index: 41 - i,
      type,
      time: fake.at - i * 1_700_000,
      account: i === 6 ? 'maintainer' : 'alice',
      summary,
    })
  })
  identity.log.length = 0
  return { admin, alice, key, adminSecret, aliceSecret }
}

export const linkSecret: string = randomSecret()
