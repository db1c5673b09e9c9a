import { at, text } from '../core/evidence/records.ts'
import type { Json } from '../core/ledger/canonical-json.ts'
import { type FrozenRef, frozenRefs, nameOf, unfreeze } from '../flow/frozen.ts'
import type { Records } from '../records.ts'
import { failed, type Printed, printed } from './printed.ts'

/** A fresh enrolment link for somebody who lost every device: on record, and visible at each device it admits. */
export async function adminRecover({ identity, store }: Records, name: string): Promise<Printed> {
  const account = identity.accountByName(name)
  if (!account) return failed(1, `there is no account ${name}`)
  const link = await identity.invite(account.id, 'recovery', 'host', Date.now())
  if (!link.ok) return failed(1, link.error.say)
  const portal = await lastPortal(store)
  return printed(`${portal}/enrol#${link.value.secret}`)
}

/** End everything an account can do, at once; the gateway sees it within a second. */
export async function adminDisable({ identity }: Records, name: string): Promise<Printed> {
  const account = identity.accountByName(name)
  if (!account) return failed(1, `there is no account ${name}`)
  const done = await identity.setAccountState(account.id, 'disabled', 'host')
  return done.ok ? printed(`${account.name} is disabled`) : failed(1, done.error.say)
}

export async function adminPeople({ identity }: Records): Promise<Printed> {
  const rows = identity
    .accounts()
    .map(
      (account) =>
        `${account.name.padEnd(20)} ${account.state.padEnd(9)} ${account.admin ? 'administrator' : '             '} ${identity.activeDevices(account.id).length} devices`,
    )
  return printed(...rows)
}

/** Refs that the forge changed as nobody had signed, and what is on record of it. */
export async function adminFrozen({ store }: Records): Promise<Printed> {
  const frozen = await frozenRefs(store.db)
  return printed(
    ...frozen.map(
      (one) =>
        `${placeOf(one)} ${nameOf(one.ref)}  since ${new Date(one.since).toISOString()}, entry ${one.intent}: ${one.reason}`,
    ),
  )
}

/** Let people move a ref again after somebody looked at it: on record, and in force at once. */
export async function adminUnfreeze({ store, ledger }: Records, repo: string, ref: string): Promise<Printed> {
  const found = (await frozenRefs(store.db)).find(
    (one) => placeOf(one).toLowerCase() === repo.toLowerCase() && nameOf(one.ref) === ref,
  )
  if (!found) return failed(1, `${ref} of ${repo} is not frozen; "admin frozen" lists what is`)
  const refused = await unfreeze(ledger, found, 'host')
  return refused ? failed(1, refused.say) : printed(`${ref} of ${repo} can be moved again`)
}

/** As it was called when it was frozen; the wiki apart. */
function placeOf({ repo, part }: FrozenRef): string {
  return `${repo.owner}/${repo.name}${part === 'wiki' ? '.wiki' : ''}`
}

/** Origin of the portal at the last start. */
export async function lastPortal(store: Records['store']): Promise<string> {
  const start = await store.db
    .selectFrom('ledger_entry')
    .select('payload')
    .where('type', '=', 'gateway.start')
    .orderBy('idx', 'desc')
    .limit(1)
    .executeTakeFirst()
  const payload = start?.payload
    ? (JSON.parse(Buffer.from(start.payload).toString('utf8')) as Json)
    : undefined
  return text(at(payload, 'portal')) ?? 'http://localhost:3001'
}
