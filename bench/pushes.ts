import { run } from '../test/support/git.ts'
import { openGitBed } from './git-bed.ts'
import { interleaved, median, timed } from './statistics.ts'
import { atMost, type Row } from './table.ts'

/** What a certified push of one commit takes longer than an unsigned one without a gateway, signing apart. */
export async function pushes(quick: boolean): Promise<Row[]> {
  const bed = await openGitBed()
  try {
    const { git, key } = bed.keeper
    const prepare = async (way: 'direct' | 'through'): Promise<() => Promise<number>> => {
      const dir = git.path(way)
      await git.ok(git.home, 'init', '-q', dir)
      const remote = (await bed.newRepository())[way]
      const signed = way === 'direct' ? '--no-signed' : '--signed'
      return async () => {
        await git.ok(dir, 'commit', '-q', '--allow-empty', '-m', 'one more')
        return timed(() => git.ok(dir, 'push', '-q', signed, remote, 'HEAD:refs/heads/main'))
      }
    }
    const certificate = 'a push certificate of one line is about this long\n'.repeat(10)
    const sign = (): Promise<number> =>
      timed(async () => {
        const argv = ['ssh-keygen', '-Y', 'sign', '-n', 'git', '-f', key.path]
        const { code, stderr } = await run(argv, { env: git.env, input: certificate })
        if (code !== 0) throw new Error(`ssh-keygen: ${stderr}`)
      })
    const works = [await prepare('direct'), await prepare('through'), sign]
    await interleaved(3, works)
    const rounds = await interleaved(quick ? 25 : 75, works)
    const p50 = (i: number): string => median(rounds.map((row) => row[i]!)).toFixed(0)
    return [
      atMost(
        'certified push beyond signing, added p50',
        median(rounds.map(([direct, through, signing]) => through! - direct! - signing!)),
        15,
        ' ms',
        `${p50(1)} through, ${p50(0)} direct, ${p50(2)} to sign, ${bed.forge}`,
      ),
    ]
  } finally {
    await bed.stop()
  }
}
