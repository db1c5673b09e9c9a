import type { Store } from './store.ts'

const QUARTER = 92 * 86_400_000

/**
 * Delete what can open nothing any more: nonces that are long expired, sessions and links past their time. Git passwords stay as
 * rows, since the ledger names them; their secrets are hashes.
 * What would have been refused goes after a quarter of a year; its first entry of a day stays in the ledger.
 */
export async function forget(store: Store, now: number): Promise<void> {
  await store.transaction(async (write) => {
    await write.deleteFrom('used_nonce').where('forget_at', '<', now).execute()
    await write
      .deleteFrom('would_be')
      .where('last_at', '<', now - QUARTER)
      .execute()
    await write.deleteFrom('session').where('expires_at', '<', now).execute()
    await write.deleteFrom('invitation').where('expires_at', '<', now).where('used_at', 'is', null).execute()
  })
}
