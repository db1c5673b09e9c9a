// `npm test`: everything, suite by suite, each within a time budget that is printed. `--long` runs the long suites
// instead; `npm test -- NAME ...` runs the named suites only.
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import {
  CHROMIUM,
  COMPILER,
  FIREFOX,
  GIT,
  GIT_LFS,
  OPENSSH,
  OPENSSL,
  POSTGRES,
  provide,
} from '../scripts/prerequisites.ts'

interface Suite {
  readonly name: string
  readonly files: string
  /** Seconds; a suite that needs more is named at the end. */
  readonly budget: number
  readonly parallel: number
}

const SUITES: readonly Suite[] = [
  { name: 'unit', files: '{src,test/unit}/**/*.test.ts', budget: 60, parallel: 2 },
  { name: 'contract', files: 'test/contract/**/*.test.ts', budget: 180, parallel: 1 },
  { name: 'network', files: 'test/network/**/*.test.ts', budget: 480, parallel: 2 },
  { name: 'cli', files: 'test/cli/**/*.test.ts', budget: 120, parallel: 2 },
  { name: 'e2e', files: 'test/e2e/**/*.test.ts', budget: 420, parallel: 1 },
  { name: 'fuzz', files: 'test/fuzz/**/*.test.ts', budget: 60, parallel: 2 },
]
const LONG: readonly Suite[] = [{ name: 'long', files: 'test/long/**/*.test.ts', budget: 3600, parallel: 1 }]

const node = process.execPath
const args = process.argv.slice(2)
const named = args.filter((arg) => !arg.startsWith('--'))
const all = args.includes('--long') ? LONG : SUITES
const chosen = named.length === 0 ? all : all.filter(({ name }) => named.includes(name))
provide([GIT, GIT_LFS, OPENSSH, OPENSSL, COMPILER, CHROMIUM, FIREFOX, POSTGRES])

function run(argv: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      process.stdout.write(text)
    })
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

interface Row {
  readonly name: string
  readonly seconds: number
  readonly budget: number
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly ok: boolean
}

const rows: Row[] = []
async function measured(name: string, budget: number, argv: readonly string[]): Promise<void> {
  const began = performance.now()
  const { code, output } = await run(argv)
  const count = (what: string): number => Number(new RegExp(`^. ${what} (\\d+)$`, 'm').exec(output)?.[1] ?? 0)
  const failed = count('fail') + count('cancelled')
  rows.push({
    name,
    seconds: (performance.now() - began) / 1000,
    budget,
    passed: count('pass'),
    failed: code === 0 ? failed : Math.max(1, failed),
    skipped: count('skipped'),
    ok: code === 0,
  })
}

if (named.length === 0 && !args.includes('--long')) {
  const began = performance.now()
  const { code } = await run([node, 'scripts/check.ts', '--static'])
  rows.push({
    name: 'static',
    seconds: (performance.now() - began) / 1000,
    budget: 60,
    passed: code === 0 ? 1 : 0,
    failed: code === 0 ? 0 : 1,
    skipped: 0,
    ok: code === 0,
  })
}
for (const { name, files, budget, parallel } of chosen) {
  const found = globSync(files).sort()
  if (found.length === 0) {
    process.stdout.write(`no test files in suite ${name}\n`)
    rows.push({ name, seconds: 0, budget, passed: 0, failed: 1, skipped: 0, ok: false })
    continue
  }
  process.stdout.write(`\n== ${name}: ${found.length} files\n`)
  await measured(name, budget, [
    node,
    '--disable-warning=ExperimentalWarning',
    '--test',
    `--test-concurrency=${parallel}`,
    '--test-timeout=600000',
    '--test-force-exit',
    '--test-reporter=spec',
    ...found,
  ])
}

process.stdout.write('\nsuite      seconds  budget  passed  failed  skipped\n')
for (const { name, seconds, budget, passed, failed, skipped } of rows) {
  const cells = [
    name.padEnd(10),
    seconds.toFixed(1).padStart(7),
    String(budget).padStart(7),
    String(passed).padStart(7),
    String(failed).padStart(7),
    String(skipped).padStart(8),
  ]
  process.stdout.write(`${cells.join(' ')}${seconds > budget ? '  over its budget' : ''}\n`)
}
const total = (pick: (row: Row) => number): number => rows.reduce((sum, row) => sum + pick(row), 0)
process.stdout.write(
  `total ${total(({ seconds }) => seconds).toFixed(1)} s\n\n${total(({ passed }) => passed)} passed, ${total(({ failed }) => failed)} failed, ${total(({ skipped }) => skipped)} skipped\n`,
)
process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1
