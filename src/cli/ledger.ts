import { readFileSync, writeFileSync } from 'node:fs'
import { writeBundle } from '../core/evidence/bundle.ts'
import { at, text } from '../core/evidence/records.ts'
import { parseTrust, writeTrust } from '../core/evidence/trust.ts'
import type { Json } from '../core/ledger/canonical-json.ts'
import { parseVkey } from '../core/ledger/note.ts'
import { err, ok, type Result } from '../core/result.ts'
import { exportBundle } from '../ledger/export-bundle.ts'
import { signerOf, verifyLedger } from '../ledger/verify-ledger.ts'
import type { Records } from '../records.ts'
import type { Store } from '../store/store.ts'
import { onHost, onStore } from './host.ts'
import { failed, type Printed, printed } from './printed.ts'
import { writeStockFiles } from './stock-files.ts'

/** Keys that were pinned before, and the words for where they came from. */
interface Pinned {
  readonly vkeys: readonly string[]
  readonly whence: string
}

/**
 * Recompute the whole log from its entries' bytes, under a key that was pinned or else under the home's own. Exit codes: 0 all
 * of it verifies, 1 it does not, 2 unreadable input.
 */
export async function ledgerVerify(
  home: string,
  options: { vkey?: string; trust?: string },
): Promise<Printed> {
  const pinned = readPinned(options)
  if (!pinned.ok) return failed(2, pinned.error)
  const { value } = pinned
  // Whoever holds the home can have signed it anew with a key of their own: only a pinned key says whose log this is.
  if (!value)
    return onHost(home, ({ store, ledger }) =>
      recompute(
        store,
        ledger.vkey,
        `the key of this very home, ${ledger.vkey}; pin it with --vkey or --trust`,
      ),
    )
  return onStore(home, async (store) => {
    const vkey = await signerOf(store, value.vkeys)
    return vkey === undefined
      ? failed(1, `the ledger does not verify: it is not signed by ${value.whence}`)
      : recompute(store, vkey, `${value.whence}, ${vkey}`)
  })
}

async function recompute(store: Store, vkey: string, key: string): Promise<Printed> {
  const result = await verifyLedger(store, vkey)
  if (!result.ok) return failed(1, `the ledger does not verify: ${result.error}`)
  const { size, erased, origin } = result.value
  return printed(
    `${origin}: ${size} entries verify${erased > 0 ? `, ${erased} of them with an erased payload` : ''}`,
    `checked against ${key}`,
  )
}

function readPinned({ vkey, trust }: { vkey?: string; trust?: string }): Result<Pinned | undefined, string> {
  if (vkey !== undefined && trust !== undefined) return err('pin by --vkey or by --trust, not by both')
  if (vkey !== undefined)
    return parseVkey(vkey).ok
      ? ok({ vkeys: [vkey], whence: 'the key of --vkey' })
      : err('the key of --vkey cannot be read; `countersign ledger key` prints one')
  if (trust === undefined) return ok(undefined)
  try {
    const parsed = parseTrust(readFileSync(trust, 'utf8'))
    return parsed.ok
      ? ok({ vkeys: parsed.value.ledger, whence: `a key pinned in ${trust}` })
      : err(`${trust}: ${parsed.error}`)
  } catch (error) {
    return err((error as Error).message)
  }
}

export async function ledgerKey({ ledger }: Records): Promise<Printed> {
  return printed(ledger.vkey)
}

/** The file that a verifier pins: hand it over by a way you trust, once. */
export async function trustFile({ store, ledger }: Records): Promise<Printed> {
  const starts = await store.db
    .selectFrom('ledger_entry')
    .select('payload')
    .where('type', '=', 'gateway.start')
    .execute()
  const said = (member: string): string[] => [
    ...new Set(
      starts.flatMap(({ payload }) =>
        payload
          ? [text(at(JSON.parse(Buffer.from(payload).toString('utf8')) as Json, member)) ?? []].flat()
          : [],
      ),
    ),
  ]
  const [portal, rpId] = [said('portal'), said('rpId')]
  if (portal.length === 0) return failed(1, 'the gateway has not started on this home yet')
  return printed(writeTrust({ ledger: [ledger.vkey], portal, rpId }).trimEnd())
}

/** One push's bundle, or with `ssh` a directory that plain ssh-keygen checks. */
export async function evidenceExport(
  { store, ledger }: Records,
  subject: string,
  options: { output?: string; ssh?: string },
): Promise<Printed> {
  const bundle = await exportBundle(store, ledger.vkey, subject)
  if (!bundle.ok) return failed(1, bundle.error)
  if (options.ssh !== undefined) {
    const command = writeStockFiles(bundle.value, options.ssh)
    return command.ok ? printed(command.value) : failed(1, command.error)
  }
  const file = writeBundle(bundle.value)
  if (options.output === undefined) return printed(file.trimEnd())
  writeFileSync(options.output, file)
  return printed(`wrote ${options.output}`)
}
