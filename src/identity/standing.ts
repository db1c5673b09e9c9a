import type { AccountId, DeviceId } from '../core/identity.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import type { Write } from '../store/store.ts'

export const ACCOUNT_INACTIVE: Refusal = refusal(
  'account-inactive',
  'This account is disabled.',
  'Ask an administrator.',
)
const DEVICE_INACTIVE: Refusal = refusal(
  'device-inactive',
  'This device is not active.',
  'Use another of your devices.',
)

/**
 * Refuse unless the account, and `device` as one of its own, are active in the rows. Asked inside the transaction that
 * opens something for them: so nothing can be opened beside, or just after, what ends them.
 */
export async function standing(
  write: Write,
  account: AccountId,
  device?: DeviceId,
): Promise<Refusal | undefined> {
  const who = await write.selectFrom('account').select('state').where('id', '=', account).executeTakeFirst()
  if (who?.state !== 'active') return ACCOUNT_INACTIVE
  if (device === undefined) return undefined
  const key = await write
    .selectFrom('device')
    .select('state')
    .where('id', '=', device)
    .where('account_id', '=', account)
    .executeTakeFirst()
  return key?.state === 'active' ? undefined : DEVICE_INACTIVE
}

/** Whether the account has an active device; `kind` and `except` narrow which. */
export async function hasActiveDevice(
  write: Write,
  account: AccountId,
  { kind, except }: { kind?: 'webauthn'; except?: DeviceId } = {},
): Promise<boolean> {
  let devices = write
    .selectFrom('device')
    .select('id')
    .where('account_id', '=', account)
    .where('state', '=', 'active')
  if (kind !== undefined) devices = devices.where('kind', '=', kind)
  if (except !== undefined) devices = devices.where('id', '!=', except)
  return (await devices.limit(1).executeTakeFirst()) !== undefined
}
