// `npm run bench`: what the gateway costs, as ratios and differences within this run. `--quick` takes at most five minutes.
import { parseArgs } from 'node:util'
import { GIT, OPENSSH, provide } from '../scripts/prerequisites.ts'
import { changes } from './changes.ts'
import { holds } from './holds.ts'
import { ledger } from './ledger.ts'
import { pages } from './pages.ts'
import { pushes } from './pushes.ts'
import { ssh } from './ssh.ts'
import { start } from './start.ts'
import { type Row, table } from './table.ts'
import { transfers } from './transfers.ts'

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
})
provide([GIT, OPENSSH])
process.setMaxListeners(0) // every child is ended at the exit, however it comes
const PARTS = { pages, changes, transfers, pushes, ssh, holds, ledger, start }
const rows: Row[] = []
for (const [name, part] of Object.entries(PARTS)) {
  if (positionals.length === 0 || positionals.includes(name)) rows.push(...(await part(values.quick)))
}
process.stdout.write(table(rows))
process.exitCode = rows.some(({ met }) => met === false) ? 1 : 0
process.exit()
