import { at, text } from '../core/evidence/records.ts'
import type { Json } from '../core/ledger/canonical-json.ts'
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
