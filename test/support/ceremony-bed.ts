import assert from 'node:assert/strict'
import type { Ceremonies } from '../../src/ceremony/ceremonies.ts'
import { createCeremonies } from '../../src/ceremony/create-ceremonies.ts'
import type { Account, DeviceId } from '../../src/core/identity.ts'
import type { Refusal } from '../../src/core/refusal.ts'
import type { Result } from '../../src/core/result.ts'
import { type World as IdentityWorld, world as identityWorld } from './identity-bed.ts'
import { type SoftPasskey, softPasskey } from './soft-passkey.ts'

export const ORIGIN = 'https://id.git.example.com'

/** The ceremonies of one portal on a real identity, store and ledger. */
export interface World extends IdentityWorld {
  readonly ceremonies: Ceremonies
}

export async function world(): Promise<World> {
  return ceremoniesOn(await identityWorld())
}

/** The same over an identity of the test's making. */
export function ceremoniesOn(bed: IdentityWorld): World {
  const ceremonies = createCeremonies({
    origin: ORIGIN,
    rpId: 'id.git.example.com',
    identity: bed.identity,
    now: () => bed.clock.now,
    policyDigest: () => `sha256:${'0'.repeat(64)}`,
  })
  return { ...bed, ceremonies }
}

let forgeId = 1
/** An account without a device. */
export async function account({ identity }: World, name: string): Promise<Account> {
  const made = await identity.createAccount({
    name,
    email: `${name}@example.com`,
    forgeId: forgeId++,
    admin: false,
    by: 'test',
  })
  assert.ok(made.ok)
  return made.value
}

export async function linkFor({ identity, clock }: World, who: Account): Promise<string> {
  const link = await identity.invite(who.id, 'invitation', 'test', clock.now)
  assert.ok(link.ok)
  return link.value.secret
}

/** A person with one passkey, enrolled by a link. */
export async function enrolled(
  at: World,
  name: string,
  passkey: SoftPasskey = softPasskey(ORIGIN),
): Promise<{ who: Account; passkey: SoftPasskey; device: DeviceId }> {
  const who = await account(at, name)
  const secret = await linkFor(at, who)
  const options = await at.ceremonies.beginEnrol('pre', secret)
  assert.ok(options.ok)
  const device = await at.ceremonies.finishEnrol(
    'pre',
    secret,
    passkey.create(options.value as never),
    'first',
  )
  assert.ok(device.ok, JSON.stringify(device))
  return { who, passkey, device: device.value }
}

export function reason(result: Result<unknown, Refusal>): string {
  return result.ok ? 'ok' : result.error.reason
}
