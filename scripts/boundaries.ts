// Import rules (ARCHITECTURE.md): dependency-cruiser, plus a floor on how much it saw, since a cruise that found
// nothing also finds nothing wrong.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

const expected = globSync('src/**/*.ts', { exclude: ['src/**/*.test.ts', 'src/portal/browser/**'] }).length
const run = spawnSync(
  process.execPath,
  [
    'node_modules/.bin/depcruise',
    ...['--config', '.dependency-cruiser.cjs', '--output-type', 'json'],
    ...['--cache', 'node_modules/.cache/dependency-cruiser', '--cache-strategy', 'content'],
    'src',
  ],
  { encoding: 'utf8', maxBuffer: 1 << 28 },
)
if (run.error || !run.stdout.startsWith('{')) {
  process.stderr.write(`${run.stderr}\n${run.stdout}\n`)
  process.exit(1)
}
const { summary, modules } = JSON.parse(run.stdout) as {
  summary: { violations: { from: string; to: string; rule: { name: string } }[] }
  modules: { source: string }[]
}
for (const { rule, from, to } of summary.violations) process.stdout.write(`${rule.name}: ${from} -> ${to}\n`)
const cruised = modules.filter(({ source }) => source.startsWith('src/')).length
if (cruised < expected) process.stdout.write(`only ${cruised} of ${expected} modules were cruised\n`)
process.exitCode = summary.violations.length === 0 && cruised >= expected ? 0 : 1
