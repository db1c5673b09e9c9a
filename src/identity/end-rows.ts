import type { AccountId, DeviceId } from '../core/identity.ts'
import type { Write } from '../store/store.ts'

/** End the rows of every session, git password and token of an account, or of one device. */
export async function endOpened(
  write: Write,
  of: { readonly account: AccountId } | { readonly device: DeviceId },
  now: number,
): Promise<void> {
  const [column, id] =
    'account' in of ? (['account_id', of.account] as const) : (['device_id', of.device] as const)
  await write.deleteFrom('session').where(column, '=', id).execute()
  for (const table of ['git_password', 'api_token'] as const)
    await write
      .updateTable(table)
      .set({ revoked_at: now })
      .where(column, '=', id)
      .where('revoked_at', 'is', null)
      .execute()
}

/** No open link of the account can be used any more. */
export async function endLinks(write: Write, account: AccountId): Promise<void> {
  await write
    .updateTable('invitation')
    .set({ expires_at: 0 })
    .where('account_id', '=', account)
    .where('used_at', 'is', null)
    .execute()
}
