import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'undici'
import { repositoryOf } from '../test/support/blobs.ts'
import { run } from '../test/support/git.ts'
import { approvePush, codeIn, holdRaw, lookAt, pushUnsigned } from '../test/support/held-push.ts'
import { peakRssMiB, rssMiB } from '../test/support/process.ts'
import { EMPTY_PACK, plainBody, ZERO } from '../test/support/raw-push.ts'
import { type GitBed, openGitBed } from './git-bed.ts'
import { interleaved, median, timed } from './statistics.ts'
import { atMost, type Row, told } from './table.ts'

const MB_PER_MIB = (1024 * 1024) / 1e6

/** What it costs that a push waits for a touch: for its person, who looks and touches at once, and for the machine. */
export async function holds(quick: boolean): Promise<Row[]> {
  const bed = await openGitBed({ holds: { perAccount: 200 } })
  try {
    return [
      ...(await waiting(bed, quick ? 15 : 45)),
      ...(await sideBySide(bed, quick ? 10 : 30)),
      await manyHolds(bed, 100),
      await memoryOfHeldPush(bed, quick ? 256 : 1024),
    ]
  } finally {
    await bed.stop()
  }
}

/** A small push, byte by byte: from its last byte to the line in the terminal, and from the touch to the forge's report. */
async function waiting({ keeper, gateway, newRepository, forge }: GitBed, rounds: number): Promise<Row[]> {
  const { git, person } = keeper
  const dir = git.path('waiting')
  await git.ok(git.home, 'init', '-q', dir)
  writeFileSync(join(dir, 'file.txt'), 'a line\n'.repeat(1000))
  await git.ok(dir, 'add', '.')
  await git.ok(dir, 'commit', '-q', '-m', 'first')
  const { direct, through } = await newRepository()
  await git.ok(dir, 'push', '-q', '--no-signed', direct, 'HEAD:refs/heads/main')
  const who = { user: 'keeper', password: keeper.password }
  const repo = new URL(through)
  const there = `${gateway.url}${repo.pathname}`
  let before = await git.ok(dir, 'rev-parse', 'HEAD')

  /** A commit, and the thin pack that git would send for it. */
  async function next(): Promise<{ after: string; pack: Buffer }> {
    writeFileSync(join(dir, 'file.txt'), `a line ${Math.random()}\n${'a line\n'.repeat(1000)}`)
    await git.ok(dir, 'commit', '-q', '-a', '-m', 'next')
    const after = await git.ok(dir, 'rev-parse', 'HEAD')
    const made = await run(['sh', '-c', 'git pack-objects --revs --thin --stdout -q | base64 -w0'], {
      cwd: dir,
      env: git.env,
      input: `${after}\n^${before}\n`,
    })
    return { after, pack: Buffer.from(made.stdout, 'base64') }
  }

  const toLine: number[] = []
  const fromTouch: number[] = []
  for (let i = 0; i < rounds + 2; i++) {
    const { after, pack } = await next()
    // index-pack by itself, on the same pack, in a repository that has the bases.
    const bases = git.path(`bases-${i}.git`)
    await git.ok(git.home, 'clone', '-q', '--bare', direct, bases)
    const indexing = await timed(() =>
      run(['git', 'index-pack', '--stdin', '--fix-thin'], { cwd: bases, env: git.env, input: pack }),
    )
    const began = performance.now()
    const held = holdRaw(there, who, plainBody([{ before, after, ref: 'refs/heads/main' }], pack))
    const code = await held.code
    const line = performance.now() - began - indexing
    await lookAt(person, code)
    const begun = await person.portal(`/a/${code}/begin`, {})
    person.passkey.counter++
    const credential = person.passkey.get(begun.json['options'])
    const touched = performance.now()
    const approved = person.portal(`/a/${code}/approve`, { id: begun.json['id'], credential })
    await held.answer
    const landed = performance.now() - touched
    if ((await approved).status !== 200) throw new Error(JSON.stringify((await approved).json))
    before = after
    // The same kind of push straight to the forge: its own part of the time.
    const own = await next()
    const alone = await timed(() =>
      postTo(direct, plainBody([{ before, after: own.after, ref: 'refs/heads/main' }], own.pack)),
    )
    before = own.after
    if (i < 2) continue // warm-up
    toLine.push(line)
    fromTouch.push(landed - alone)
  }
  return [
    atMost('held push, last byte to the line, beyond index-pack, p50', median(toLine), 150, ' ms', forge),
    atMost('held push, touch to report, beyond the forge, p50', median(fromTouch), 300, ' ms', forge),
  ]
}

async function postTo(url: string, body: Buffer): Promise<void> {
  const { username, password, origin, pathname } = new URL(url)
  const answer = await request(`${origin}${pathname}/git-receive-pack`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      'content-type': 'application/x-git-receive-pack-request',
    },
    body,
  })
  await answer.body.dump()
  if (answer.statusCode !== 200) throw new Error(`the forge answered ${answer.statusCode}`)
}

/** Stock git's own view: one commit, three ways to push it. */
async function sideBySide({ keeper, newRepository, forge }: GitBed, rounds: number): Promise<Row[]> {
  const { git, person } = keeper
  const prepare = async (way: 'plain' | 'certified' | 'held'): Promise<() => Promise<number>> => {
    const dir = git.path(`side-${way}`)
    await git.ok(git.home, 'init', '-q', dir)
    const { direct, through } = await newRepository()
    return async () => {
      await git.ok(dir, 'commit', '-q', '--allow-empty', '-m', 'one more')
      if (way === 'plain')
        return timed(() => git.ok(dir, 'push', '-q', '--no-signed', direct, 'HEAD:refs/heads/main'))
      if (way === 'certified')
        return timed(() => git.ok(dir, 'push', '-q', '--signed', through, 'HEAD:refs/heads/main'))
      return timed(async () => {
        const held = pushUnsigned(git, dir, through, 'HEAD:refs/heads/main')
        const { status, json } = await approvePush(person, await held.code)
        if (status !== 200) throw new Error(JSON.stringify(json))
        await held.done
      })
    }
  }
  const works = [await prepare('plain'), await prepare('certified'), await prepare('held')]
  await interleaved(2, works)
  const times = await interleaved(rounds, works)
  const p50 = (i: number): string => median(times.map((row) => row[i]!)).toFixed(0)
  return [
    told(
      'git push of one commit, p50: plain and direct / certified / held and touched at once',
      `${p50(0)} / ${p50(1)} / ${p50(2)} ms  (${forge})`,
    ),
  ]
}

async function manyHolds({ keeper, gateway, newRepository }: GitBed, count: number): Promise<Row> {
  const { git, person } = keeper
  const dir = git.path('many')
  await git.ok(git.home, 'init', '-q', dir)
  await git.ok(dir, 'commit', '-q', '--allow-empty', '-m', 'first')
  const tip = await git.ok(dir, 'rev-parse', 'HEAD')
  const { direct, through } = await newRepository()
  await git.ok(dir, 'push', '-q', '--no-signed', direct, 'HEAD:refs/heads/main')
  const repo = `${gateway.url}${new URL(through).pathname}`
  const who = { user: 'keeper', password: keeper.password }
  const holdOf = (i: number): ReturnType<typeof holdRaw> =>
    holdRaw(repo, who, plainBody([{ before: ZERO, after: tip, ref: `refs/heads/n${i}` }], EMPTY_PACK))
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 3000))
  // Some first, so that what is loaded once is not counted.
  const first = Array.from({ length: 10 }, (_, i) => holdOf(1000 + i))
  await Promise.all(first.map(({ code }) => code))
  for (const { leave } of first) leave()
  await settled()
  const before = rssMiB(gateway.pid)
  const held = Array.from({ length: count }, (_, i) => holdOf(i))
  const codes = await Promise.all(held.map(({ code }) => code))
  await lookAt(person, codes.at(-1)!)
  await settled()
  const more = (rssMiB(gateway.pid) - before) * MB_PER_MIB
  for (const { leave } of held) leave()
  return atMost(`memory of ${count} held pushes`, more, 50, ' MB')
}

async function memoryOfHeldPush({ gateway, keeper, newRepository }: GitBed, mib: number): Promise<Row> {
  const { git, person } = keeper
  const push = async (size: number): Promise<() => Promise<void>> => {
    const source = await repositoryOf(git, `held-${size}`, size)
    const { through } = await newRepository()
    return async () => {
      const held = pushUnsigned(git, source, through, 'HEAD:refs/heads/main')
      await approvePush(person, await held.code)
      const { code, stderr } = await held.done
      if (code !== 0) throw new Error(codeIn(stderr) ?? stderr)
    }
  }
  const warmUp = await push(64)
  const large = await push(mib)
  await warmUp()
  const before = rssMiB(gateway.pid)
  const peak = await peakRssMiB(gateway.pid, large)
  const note = `${before.toFixed(0)} after a held push of 64 MiB, peak ${peak.toFixed(0)}`
  return atMost(`peak RSS of a held push of ${mib} MiB, above`, peak - before, 64, ' MiB', note)
}
