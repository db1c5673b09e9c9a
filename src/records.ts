import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseUrl } from './core/database-url.ts'
import { writePrivateFile } from './files/private-file.ts'
import type { Identity } from './identity/identity.ts'
import { openIdentity } from './identity/open-identity.ts'
import { loadLedgerKey } from './ledger/keys.ts'
import type { Ledger } from './ledger/ledger.ts'
import { latestNote, openLedger } from './ledger/open-ledger.ts'
import { signerOf } from './ledger/verify-ledger.ts'
import { openStore } from './open-store.ts'
import type { Limits } from './settings.ts'
import type { Store } from './store/store.ts'

/** What a home keeps: shared by the gateway and by the host's command line. */
export interface Records {
  readonly store: Store
  readonly ledger: Ledger
  readonly identity: Identity
  close(): Promise<void>
}

const MINUTE = 60_000

/**
 * Open the records of `home`, making them on the first start. The log's origin is fixed by the first entry, and with it what
 * every later checkpoint is signed as: `portal` only names a log that does not exist yet.
 */
export async function openRecords(
  home: string,
  options: {
    limits: Limits
    database: DatabaseUrl | null
    portal?: { origin: string; rpId: string }
    /** As the gateway: the only one, or it hears that it no longer is. */
    gateway?: { onLost: (why: string) => void }
  },
): Promise<Records> {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const store = await openStore(home, options.database, options.gateway)
  try {
    return await openOn(store, home, options)
  } catch (error) {
    await store.close()
    throw error
  }
}

async function openOn(
  store: Store,
  home: string,
  options: Parameters<typeof openRecords>[1],
): Promise<Records> {
  const now = Date.now
  const known = await setting(store, 'ledger.origin')
  const { portal } = options
  if (known === undefined && !portal) throw new Error(`${home} holds no ledger yet: start the gateway once`)
  const keyFile = join(home, 'secrets', 'ledger.key')
  // A log signed by two keys would verify under neither: a lost key is a decision for a person, not for a start.
  if (known !== undefined && !existsSync(keyFile))
    throw new Error(`the signing key of this ledger is missing: put ${keyFile} back`)
  const begun = join(home, 'secrets', 'ledger.begun')
  // A second log under the same key would be a fork that nobody can tell from the first.
  if (known === undefined && existsSync(begun))
    throw new Error(
      `the key of ${home} has signed a log that is not in this database: put that one back, or begin with another home`,
    )
  const origin = known ?? `${new URL(portal!.origin).host}/ledger`
  const ledger = openLedger({ store, key: loadLedgerKey(keyFile), origin, now })
  // A database may be named by mistake that another home's key signs.
  if (options.database && (await signedByAnother(store, ledger.vkey)))
    throw new Error(`the ledger in ${options.database} is signed by another key than ${keyFile}`)
  if (known === undefined && portal) {
    await ledger.append(
      {
        type: 'ledger.start',
        payload: { origin, portal: portal.origin, rpId: portal.rpId, vkey: ledger.vkey },
      },
      async (write) => {
        await write.insertInto('setting').values({ key: 'ledger.origin', value: origin }).execute()
        return undefined
      },
    )
  }
  if (!existsSync(begun)) writePrivateFile(begun, `${origin}\n`)
  const { portalIdle, forgeIdle, absolute, gitPassword, token, link } = options.limits
  const identity = await openIdentity({
    store,
    ledger,
    now,
    limits: {
      portalIdle: portalIdle * MINUTE,
      forgeIdle: forgeIdle * MINUTE,
      absolute: absolute * MINUTE,
      gitPassword: gitPassword * MINUTE,
      token: token * MINUTE,
      link: link * MINUTE,
    },
  })
  return {
    store,
    ledger,
    identity,
    async close() {
      await identity.close()
      await ledger.close()
      await store.close()
    },
  }
}

async function signedByAnother(store: Store, vkey: string): Promise<boolean> {
  return (await latestNote(store)) !== undefined && (await signerOf(store, [vkey])) === undefined
}

export async function setting(store: Store, key: string): Promise<string | undefined> {
  const row = await store.db.selectFrom('setting').select('value').where('key', '=', key).executeTakeFirst()
  return row?.value
}
