import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeBundle } from '../core/evidence/bundle.ts'
import { at, text } from '../core/evidence/records.ts'
import { writeTrust } from '../core/evidence/trust.ts'
import type { Json } from '../core/ledger/canonical-json.ts'
import { exportBundle } from '../ledger/export-bundle.ts'
import { verifyLedger } from '../ledger/verify-ledger.ts'
import type { Records } from '../records.ts'
import { failed, type Printed, printed } from './printed.ts'

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
    const intent = bundle.value.entries.find(({ index }) => index === bundle.value.subject)
    return intent?.payload
      ? sshFiles(JSON.parse(Buffer.from(intent.payload).toString('utf8')) as Json, options.ssh)
      : failed(1, 'the payload of this entry was erased')
  }
  const file = writeBundle(bundle.value)
  if (options.output === undefined) return printed(file.trimEnd())
  writeFileSync(options.output, file)
  return printed(`wrote ${options.output}`)
}

function sshFiles(intent: Json, dir: string): Printed {
  const statement = text(at(intent, 'statement', 'text'))
  const signature = text(at(intent, 'statement', 'signature'))
  const name = text(at(intent, 'actor', 'name'))
  const key = Buffer.from(text(at(intent, 'device', 'publicKey')) ?? '', 'base64')
  if (statement === undefined || signature === undefined || name === undefined || key.length < 8)
    return failed(1, 'this action carried no signed statement')
  const type = key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1')
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'statement'), Buffer.from(statement, 'base64'))
  writeFileSync(join(dir, 'statement.sig'), signature)
  writeFileSync(join(dir, 'allowed_signers'), `${name} namespaces="git" ${type} ${key.toString('base64')}\n`)
  return printed(
    `ssh-keygen -Y verify -f ${join(dir, 'allowed_signers')} -I ${name} -n git -s ${join(dir, 'statement.sig')} < ${join(dir, 'statement')}`,
  )
}
