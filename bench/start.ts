import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { scratch } from '../test/support/gateway.ts'
import { rssMiB } from '../test/support/process.ts'
import { median } from './statistics.ts'
import { atMost, type Row } from './table.ts'

const ROOT = join(import.meta.dirname, '..')
/** Idle means that the collector has had its turn. */
const SETTLED_MS = 10_000
const MB_PER_MIB = (1024 * 1024) / 1e6

interface Started {
  /** From the command to its line of JSON, without what the forge took to start, ms. */
  readonly ready: number
  readonly forge: number
  /** MB. */
  readonly rss: number
}

/** How long `npm start` takes on a fresh home, everything installed, and what the gateway then holds in memory. */
export async function start(quick: boolean): Promise<Row[]> {
  await startOnce() // fills the compile cache, as the first start after an install does
  const runs: Started[] = []
  for (let i = 0; i < (quick ? 3 : 9); i++) runs.push(await startOnce())
  const of = (pick: (run: Started) => number): number => median(runs.map(pick))
  return [
    atMost(
      'npm start, ready without the forge',
      of(({ ready }) => ready) / 1000,
      1.2,
      ' s',
      `the forge's own start: ${(of(({ forge }) => forge) / 1000).toFixed(2)} s`,
    ),
    atMost(
      'idle RSS',
      of(({ rss }) => rss),
      150,
      ' MB',
    ),
  ]
}

async function startOnce(): Promise<Started> {
  const began = performance.now()
  const child = spawn(
    'npm',
    ['start', '--silent', '--', '--home', scratch('bench-start'), '--port', '0', '--json'],
    {
      cwd: ROOT,
      env: { ...process.env, COUNTERSIGN_LOG: 'info' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const failed = once(child, 'exit').then(() => {
    throw new Error(`npm start ended: ${log}`)
  })
  const [line] = (await Promise.race([once(child.stdout, 'data'), failed])) as [Buffer]
  const took = performance.now() - began
  failed.catch(() => {})
  const { pid } = JSON.parse(line.toString()) as { pid: number }
  process.once('exit', () => child.kill('SIGKILL'))
  const forge = Number(/"ms":(\d+)[^\n]*"the forge is up"/.exec(log)?.[1] ?? Number.NaN)
  await wait(SETTLED_MS)
  const rss = rssMiB(pid) * MB_PER_MIB
  const ended = once(child, 'exit')
  process.kill(pid, 'SIGTERM')
  await ended
  return { ready: took - forge, forge, rss }
}
