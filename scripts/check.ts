// `npm run check`: types, lint, boundaries, unit tests. Fast enough to run without thinking.
import { spawn } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { availableParallelism } from 'node:os'

interface Step {
  readonly name: string
  readonly argv: readonly string[]
}

const bin = (name: string): string => `node_modules/.bin/${name}`
const node = process.execPath
/** What opens workers or breaks the policy engine over and over: `npm test` runs it. */
const LONG = new Set(
  [
    'bad-files',
    'evaluator',
    'load-policies',
    'names',
    'record-policy',
    'remembered-reads',
    'watch-policies',
    'worker-reader',
  ].map((name) => `src/policy/${name}.test.ts`),
)
const unit = globSync('src/**/*.test.ts').filter((file) => !LONG.has(file))

/** Parts that cost about the same; what loads the policy engine goes together. */
const PARTS: Record<'policy' | 'core' | 'the rest', readonly string[]> = {
  policy: ['policy', 'core/policy'],
  core: ['core'],
  'the rest': [],
}
const owner = (file: string): keyof typeof PARTS =>
  (Object.keys(PARTS) as (keyof typeof PARTS)[]).find((part) =>
    PARTS[part].some((dir) => file.startsWith(`src/${dir}/`)),
  ) ?? 'the rest'

function unitStep(part: keyof typeof PARTS): Step {
  const files = unit.filter((file) => owner(file) === part)
  const flags = ['--max-semi-space-size=32', '--test', '--test-isolation=none', '--test-reporter=dot']
  return {
    name: `unit (${part})`,
    argv: [node, '--disable-warning=ExperimentalWarning', ...flags, ...files],
  }
}

// Independent steps run side by side, the longest first; what they print is shown whole, in this order.
const steps: readonly Step[] = [
  unitStep('the rest'),
  unitStep('core'),
  { name: 'types', argv: [node, 'node_modules/typescript/bin/tsc', '-p', '.'] },
  unitStep('policy'),
  { name: 'types (browser)', argv: [node, 'node_modules/typescript/bin/tsc', '-p', 'src/portal/browser'] },
  { name: 'lint and format', argv: [bin('biome'), 'check', '--error-on-warnings'] },
  {
    name: 'lint (promises)',
    argv: [node, bin('eslint'), '--cache', '--cache-location', 'node_modules/.cache/eslint/', 'src', 'demo'],
  },
  { name: 'boundaries', argv: [node, 'scripts/boundaries.ts'] },
]

/** A sync to a disk in memory costs nothing; what a real disk does with one is for `npm test`. */
const env = existsSync('/dev/shm') ? { ...process.env, TMPDIR: '/dev/shm' } : process.env

function run(step: Step): Promise<{ step: Step; code: number; output: string; ms: number }> {
  const began = performance.now()
  return new Promise((resolve) => {
    const child = spawn(step.argv[0]!, step.argv.slice(1), { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.on('close', (code) => resolve({ step, code: code ?? 1, output, ms: performance.now() - began }))
  })
}

const wanted = process.argv.includes('--static')
  ? steps.filter(({ name }) => !name.startsWith('unit'))
  : steps
const began = performance.now()
const queue = [...wanted]
const results = new Map<Step, Awaited<ReturnType<typeof run>>>()
await Promise.all(
  Array.from({ length: Math.max(2, availableParallelism()) }, async () => {
    for (let step = queue.shift(); step; step = queue.shift()) results.set(step, await run(step))
  }),
)
let failed = 0
for (const step of wanted) {
  const { code, output, ms } = results.get(step)!
  process.stdout.write(`${code === 0 ? 'ok  ' : 'FAIL'} ${step.name} (${(ms / 1000).toFixed(1)} s)\n`)
  if (code !== 0) {
    failed++
    process.stdout.write(`${output.trimEnd()}\n`)
  }
}
process.stdout.write(
  `check: ${wanted.length - failed} passed, ${failed} failed in ${((performance.now() - began) / 1000).toFixed(1)} s\n`,
)
process.exitCode = failed === 0 ? 0 : 1
