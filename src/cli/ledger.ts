import { writeFileSync } from 'node:fs'
import { writeBundle } from '../core/evidence/bundle.ts'
import { at, text } from '../core/evidence/records.ts'
import { writeTrust } from '../core/evidence/trust.ts'
import type { Json } from '../core/ledger/canonical-json.ts'
import { exportBundle } from '../ledger/export-bundle.ts'
import { verifyLedger } from '../ledger/verify-ledger.ts'
import type { Records } from '../records.ts'
import { failed, type Printed, printed } from './printed.ts'
import { writeStockFiles } from './stock-files.ts'

/** Recompute the whole log from its entries' bytes. */
export async function ledgerVerify({ store, ledger }: Records): Promise<Printed> {
  const result = await verifyLedger(store, ledger.vkey)
  if (!result.ok) return failed(1, `the ledger does not verify: ${result.error}`)
  const { size, erased, origin } = result.value
  return printed(
    `${origin}: ${size} entries verify${erased > 0 ? `, ${erased} of them with an erased payload` : ''}`,
  )
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
