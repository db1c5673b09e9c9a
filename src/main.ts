import { join } from 'node:path'
import { GIT, provide } from '../scripts/prerequisites.ts'
import { startOptions } from './config/options.ts'
import { startGateway } from './gateway.ts'
import { createLog } from './log.ts'
import { loadSettings } from './settings.ts'

const root = join(import.meta.dirname, '..')
const options = startOptions(process.argv.slice(2), root, process.env['INIT_CWD'] ?? process.cwd())
if (!options.ok) fail(options.error)
provide([GIT])
const settings = await loadSettings(options.value)
if (!settings.ok) fail(settings.error)
const log = createLog(settings.value.logLevel)

const stopping = new AbortController()
// A terminal signals npm and us, and npm passes it on: the second one must not cut the first one's work short.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  process.on(signal, () => stopping.abort(signal))

try {
  const gateway = await startGateway(settings.value, log)
  const { url, portal, ssh, sshHostKey, enroll, forge, sample, mode } = gateway
  if (options.value.json)
    process.stdout.write(
      `${JSON.stringify({ url, portal, ssh, sshHostKey, enroll, forge, sample, ...(mode !== null && { mode }), pid: process.pid })}\n`,
    )
  else process.stdout.write(greeting({ url, portal, ssh, enroll, forge, sample, mode }))
  const told = new Promise<undefined>((resolve) => {
    if (stopping.signal.aborted) resolve(undefined)
    stopping.signal.addEventListener('abort', () => resolve(undefined))
  })
  const lost = await Promise.race([told, gateway.lost])
  if (lost !== undefined) {
    // Its last rows cannot be written; what was promised is on disk.
    await gateway.stop().catch(() => {})
    fail(`the gateway stopped, since it lost its database: ${lost}`)
  }
  await gateway.stop()
  process.exit(0)
} catch (error) {
  fail(error instanceof Error ? error.message : String(error))
}

function greeting(shown: {
  url: string
  portal: string
  ssh: string | null
  enroll: string | null
  forge: string
  sample: string | null
  mode: string | null
}): string {
  const rows: [string, string][] = [
    ['forge', `${shown.url}   (${shown.forge})`],
    ['portal', shown.portal],
    ...(shown.ssh === null ? [] : [['ssh', shown.ssh] as [string, string]]),
    ...(shown.enroll === null ? [] : [['enrol', shown.enroll] as [string, string]]),
    ...(shown.sample === null ? [] : [['clone', `git clone ${shown.sample}`] as [string, string]]),
  ]
  const lines = rows.map(([name, value]) => `  ${name.padEnd(8)}${value}`)
  const next =
    shown.enroll === null
      ? []
      : ['', '  Open the enrol link in a browser on this machine: it registers your first passkey, once.']
  return [
    '',
    '  Countersign is up.',
    '',
    ...(shown.mode === null ? [] : [`  ${shown.mode}`, '']),
    ...lines,
    ...next,
    '',
    '  Stop with Ctrl-C.',
    '',
  ].join('\n')
}

function fail(message: string): never {
  process.stderr.write(`countersign: ${message.trimEnd()}\n`)
  process.exit(1)
}
