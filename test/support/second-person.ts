import assert from 'node:assert/strict'
import { join } from 'node:path'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'
import type { RunningGateway } from './gateway.ts'
import { answerBy } from './held-push.ts'
import type { Person } from './person.ts'
import type { SoftPasskey } from './soft-passkey.ts'

/** The address that whoever asks may send on, from their own page. */
export async function askOf(who: Person, page: string): Promise<string> {
  const { text } = await who.ask(`${who.gateway.portal}${page}`)
  const found = new RegExp(`${who.gateway.portal}/countersign/([A-Za-z0-9_-]{43})`).exec(text)
  assert.ok(found, text.slice(-3000))
  return found[1]!
}

/** Look at what somebody else signed, and touch. */
export async function countersign(
  who: Person,
  ask: string,
  by: SoftPasskey = who.passkey,
): Promise<{ status: number; json: Record<string, any> }> {
  await who.ask(`${who.gateway.portal}/countersign/${ask}`)
  const begun = await who.portal(`/countersign/${ask}/begin`, {})
  if (begun.status !== 200) return begun
  const credential = answerBy(by, begun.json['options'])
  return who.portal(`/countersign/${ask}/approve`, { id: begun.json['id'], credential })
}

/** What waits for this person's countersignature, as their list has it. */
export async function asksIn(who: Person): Promise<readonly string[]> {
  const { text } = await who.ask(`${who.gateway.portal}/pending`)
  return [...new Set([...text.matchAll(/href="\/countersign\/([A-Za-z0-9_-]{43})"/g)].map(([, id]) => id!))]
}

/** Make all devices that there are some hours older, as if another process had said so; the gateway sees it within a second. */
export async function ageDevices(gateway: RunningGateway, hours: number): Promise<void> {
  const store = await openSqlite(join(gateway.home, 'countersign.db'))
  await store.db
    .updateTable('device')
    .set(({ eb }) => ({ created_at: eb('created_at', '-', hours * 3_600_000) }))
    .execute()
  await store.close()
  await new Promise((resolve) => setTimeout(resolve, 1200))
}
