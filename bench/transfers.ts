import { rmSync } from 'node:fs'
import { repositoryOf } from '../test/support/blobs.ts'
import { peakRssMiB, rssMiB } from '../test/support/process.ts'
import { type GitBed, openGitBed } from './git-bed.ts'
import { interleaved, median, timed } from './statistics.ts'
import { atLeast, atMost, type Row } from './table.ts'

/** Pushes and clones of what cannot be compressed, through the gateway against straight to the forge; and their memory. */
export async function transfers(quick: boolean): Promise<Row[]> {
  const bed = await openGitBed()
  try {
    const memory = await memoryOfPush(bed, quick ? 256 : 1024)
    const rows = await throughput(bed, 50, quick ? 5 : 9)
    if (!quick) rows.push(...(await throughput(bed, 1024, 3)))
    return [...rows, memory]
  } finally {
    await bed.stop()
  }
}

/** Straight to the forge, through a proxy that does nothing, and through the gateway. */
type Way = 'direct' | 'bare' | 'through'

async function throughput(
  { keeper, forge, newRepository }: GitBed,
  mib: number,
  rounds: number,
): Promise<Row[]> {
  const { git } = keeper
  const source = await repositoryOf(git, `source-${mib}`, mib)
  const size = mib >= 1024 ? `${mib / 1024} GiB` : `${mib} MiB`
  const certified = { direct: '--no-signed', bare: '--no-signed', through: '--signed' } as const
  const push = async (way: Way): Promise<number> => {
    const remote = await newRepository()
    return timed(() => git.ok(source, 'push', '-q', certified[way], remote[way], 'HEAD:refs/heads/main'))
  }
  const pushed = await interleaved(rounds, [() => push('direct'), () => push('through'), () => push('bare')])

  const remote = await newRepository()
  await git.ok(source, 'push', '-q', '--no-signed', remote.direct, 'HEAD:refs/heads/main')
  const clone = async (way: Way): Promise<number> => {
    const copy = git.path(`copy-${way}`)
    const took = await timed(() => git.ok(git.home, 'clone', '-q', '--bare', remote[way], copy))
    rmSync(copy, { recursive: true })
    return took
  }
  const cloned = await interleaved(rounds, [
    () => clone('direct'),
    () => clone('through'),
    () => clone('bare'),
  ])
  rmSync(source, { recursive: true })

  const row = (what: string, times: number[][]): Row => {
    const speed = (i: number): string => (mib / (median(times.map((pair) => pair[i]!)) / 1000)).toFixed(0)
    const floor = median(times.map(([direct, , bare]) => direct! / bare!))
    return atLeast(
      `${what} of ${size}, speed to direct`,
      median(times.map(([direct, through]) => direct! / through!)),
      0.95,
      'x',
      `${speed(1)} to ${speed(0)} MiB/s; a bare undici proxy reaches ${floor.toFixed(2)}x; ${forge}`,
    )
  }
  return [row('certified push', pushed), row('clone', cloned)]
}

async function memoryOfPush({ gateway, keeper, newRepository }: GitBed, mib: number): Promise<Row> {
  const { git } = keeper
  const push = async (size: number): Promise<() => Promise<string>> => {
    const source = await repositoryOf(git, `memory-${size}`, size)
    const { through } = await newRepository()
    return () => git.ok(source, 'push', '-q', '--signed', through, 'HEAD:refs/heads/main')
  }
  const warmUp = await push(64)
  const large = await push(mib)
  await warmUp()
  const before = rssMiB(gateway.pid)
  const peak = await peakRssMiB(gateway.pid, large)
  const note = `${before.toFixed(0)} after a push of 64 MiB, peak ${peak.toFixed(0)}`
  return atMost(`peak RSS of a push of ${mib} MiB, above`, peak - before, 64, ' MiB', note)
}
