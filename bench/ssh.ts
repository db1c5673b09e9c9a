import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { repositoryOf } from '../test/support/blobs.ts'
import { type RunningGateway, scratch } from '../test/support/gateway.ts'
import { run } from '../test/support/git.ts'
import { signedIn, useSsh } from '../test/support/over-ssh.ts'
import { rssMiB } from '../test/support/process.ts'
import type { Pusher } from '../test/support/pusher.ts'
import { type GitBed, openGitBed } from './git-bed.ts'
import { interleaved, median, timed } from './statistics.ts'
import { atLeast, atMost, type Row, skipped, told } from './table.ts'

const CIPHER = 'aes128-gcm@openssh.com'
const IDLE = 500
const MB_PER_MIB = (1024 * 1024) / 1e6

/** git over SSH through the gateway, beside OpenSSH's own server on the same machine, with the same cipher. */
export async function ssh(quick: boolean): Promise<Row[]> {
  const bed = await openGitBed({ ssh: { port: 0 } })
  try {
    const { gateway, keeper } = bed
    await useSsh(keeper.git, keeper.person, gateway)
    keeper.git.env['GIT_SSH_COMMAND'] += ` -c ${CIPHER} -o IdentitiesOnly=yes -i ${keeper.key.path}`
    const rows = await idle(gateway, keeper)
    const other = await startSshd(keeper)
    if (!other) return [...rows, skipped('ssh beside sshd', '', 'no sshd here: name one in SSHD')]
    try {
      rows.push(...(await beside(bed, other, quick)))
    } finally {
      other.stop()
    }
    return rows
  } finally {
    await bed.stop()
  }
}

async function beside(
  { gateway, keeper, newRepository, forge }: GitBed,
  other: Sshd,
  quick: boolean,
): Promise<Row[]> {
  const { git } = keeper
  const mib = 200
  const source = await repositoryOf(git, `ssh-source-${mib}`, mib)
  const overGateway = async (): Promise<string> =>
    gateway.ssh + new URL((await newRepository()).direct).pathname
  const overSshd = async (): Promise<string> => {
    const dir = git.path(`bare-${Math.random()}.git`)
    await git.ok(git.home, 'init', '-q', '--bare', dir)
    return `${other.origin}${dir}`
  }
  const signed = { gateway: '--signed', sshd: '--no-signed' } as const
  const ways = { gateway: overGateway, sshd: overSshd } as const
  const push = async (way: keyof typeof ways): Promise<number> => {
    const remote = await ways[way]()
    return timed(() => git.ok(source, 'push', '-q', signed[way], remote, 'HEAD:refs/heads/main'))
  }
  const rounds = quick ? 3 : 7
  const pushed = await interleaved(rounds, [() => push('sshd'), () => push('gateway')])
  const [sshd, through] = [await overSshd(), await overGateway()]
  for (const [remote, how] of [
    [sshd, '--no-signed'],
    [through, '--signed'],
  ] as const)
    await git.ok(source, 'push', '-q', how, remote, 'HEAD:refs/heads/main')
  const clone = async (remote: string): Promise<number> => {
    const copy = git.path('copy')
    const took = await timed(() => git.ok(git.home, 'clone', '-q', '--bare', remote, copy))
    rmSync(copy, { recursive: true })
    return took
  }
  const cpuBefore = cpuMs(gateway.pid)
  const cloned = await interleaved(rounds, [() => clone(sshd), () => clone(through)])
  const cpu = (cpuMs(gateway.pid) - cpuBefore) / (mib * rounds)
  const list = (remote: string): Promise<number> => timed(() => git.ok(git.home, 'ls-remote', remote))
  await interleaved(2, [() => list(sshd), () => list(through)])
  const listed = await interleaved(quick ? 15 : 40, [() => list(sshd), () => list(through)])
  rmSync(source, { recursive: true })
  const at = (times: number[][], i: number): number => median(times.map((row) => row[i]!))
  const speed = (what: string, times: number[][]): Row =>
    atLeast(
      `${what} of ${mib} MiB over ssh, speed to sshd`,
      median(times.map(([a, b]) => a! / b!)),
      0.9,
      'x',
      `${(mib / (at(times, 1) / 1000)).toFixed(0)} to ${(mib / (at(times, 0) / 1000)).toFixed(0)} MiB/s, ${CIPHER}, ${forge}`,
    )
  return [
    speed('certified push', pushed),
    speed('clone', cloned),
    told(
      'handshake, sign-in and ls-remote over ssh',
      `${at(listed, 1).toFixed(0)} ms, sshd ${at(listed, 0).toFixed(0)} ms`,
    ),
    told('CPU of the gateway for a MiB cloned over ssh', `${cpu.toFixed(1)} ms`),
  ]
}

/** Five hundred people who are signed in and do nothing. */
async function idle(gateway: RunningGateway, { key }: Pusher): Promise<Row[]> {
  const warm = await signedIn(gateway, key)
  warm.close()
  await wait(3_000)
  const before = rssMiB(gateway.pid)
  const open = []
  for (let n = 0; n < IDLE; n++) open.push(await signedIn(gateway, key))
  await wait(3_000)
  const above = (rssMiB(gateway.pid) - before) * MB_PER_MIB
  for (const each of open) each.close()
  return [
    atMost(
      `RSS of ${IDLE} idle ssh connections, above`,
      above,
      150,
      ' MB',
      `before ${before.toFixed(0)} MiB`,
    ),
  ]
}

interface Sshd {
  readonly origin: string
  stop(): void
}

/** OpenSSH's server for this very user, which takes the same key. */
async function startSshd({ git, key }: Pusher): Promise<Sshd | undefined> {
  const binary = process.env['SSHD'] ?? '/usr/sbin/sshd'
  if (!existsSync(binary)) return undefined
  const dir = scratch('sshd')
  const file = (name: string): string => join(dir, name)
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', file('host')])
  writeFileSync(file('authorized'), `${key.line}\n`, { mode: 0o600 })
  const port = await freePort()
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${file('host')}`,
    `AuthorizedKeysFile ${file('authorized')}`,
    `PidFile ${file('pid')}`,
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    'LogLevel ERROR',
  ]
  writeFileSync(file('config'), `${lines.join('\n')}\n`)
  const child = spawn(binary, ['-D', '-e', '-f', file('config')], { stdio: 'ignore' })
  process.once('exit', () => child.kill('SIGKILL'))
  const failed = await Promise.race([
    new Promise<true>((resolve) => child.once('exit', () => resolve(true))),
    answers(port).then(() => false),
  ])
  if (failed) return undefined
  const known = await run(['ssh-keyscan', '-p', String(port), '127.0.0.1'])
  writeFileSync(git.path('known_hosts'), known.stdout, { flag: 'a' })
  return { origin: `ssh://${userInfo().username}@127.0.0.1:${port}`, stop: () => child.kill('SIGTERM') }
}

async function answers(port: number): Promise<void> {
  for (;;) {
    const up = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (up) return
    await wait(50)
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

/** Time on a processor so far, of Linux alone, ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}
