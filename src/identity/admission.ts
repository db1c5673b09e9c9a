import { type Device, deviceId } from '../core/identity.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import type { Write } from '../store/store.ts'
import { hasActiveDevice, standing } from './standing.ts'

const LINK_GONE = refusal('bad-credential', 'This link is used or too old.', 'Ask for a fresh one.')
const NOT_ADMITTED = refusal('denied', 'Nothing admits this device.')
const HAS_DEVICES = refusal(
  'denied',
  'This account has a device by now, and its devices admit each other.',
  'Add this one from a device you have.',
)

/**
 * What admits a device must stand in the transaction that admits it: a one-time link is used up there, an admitting
 * device is active there. An invitation serves the first device only; recovery serves an account that has some.
 */
export async function admission(
  write: Write,
  { account, enrolledBy }: Pick<Device, 'account' | 'enrolledBy'>,
  invitation: string | undefined,
  now: number,
): Promise<Refusal | undefined> {
  const colon = enrolledBy.indexOf(':')
  const [how, by] = [enrolledBy.slice(0, colon), enrolledBy.slice(colon + 1)]
  if (how === 'device')
    return invitation === undefined ? standing(write, account, deviceId(by)) : NOT_ADMITTED
  if ((how !== 'invitation' && how !== 'recovery') || by !== invitation) return NOT_ADMITTED
  const used = await write
    .updateTable('invitation')
    .set({ used_at: now })
    .where('id', '=', by)
    .where('kind', '=', how)
    .where('account_id', '=', account)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  if (used.numUpdatedRows !== 1n) return LINK_GONE
  return how === 'invitation' && (await hasActiveDevice(write, account)) ? HAS_DEVICES : undefined
}
