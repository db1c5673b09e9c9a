import type { Store } from './store.ts'

/**
 * Delete what can open nothing any more: nonces that are long expired, sessions and links past their time. Git passwords stay as
 * rows, since the ledger names them; their secrets are hashes.
 */
export async function forget(store: Store, now: number): Promise<void> {
  await store.transaction(async (write) => {
    await write.deleteFrom('used_nonce').where('forget_at', '<', now).execute()
    await write.deleteFrom('session').where('expires_at', '<', now).execute()
    await write.deleteFrom('invitation').where('expires_at', '<', now).where('used_at', 'is', null).execute()
  })
}
