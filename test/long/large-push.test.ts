import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, test } from 'node:test'
import { repositoryOf } from '../support/blobs.ts'
import { startGateway } from '../support/gateway.ts'
import { pushAndTouch } from '../support/held-push.ts'
import { peakRssMiB, rssMiB } from '../support/process.ts'
import { pusher } from '../support/pusher.ts'

const WARM_UP_MIB = 64
const LARGE_MIB = 1024
const BOUND_MIB = 64

test('1 GiB is pushed and cloned whole, within 64 MiB more memory than 64 MiB took', async (t) => {
  const gateway = await startGateway()
  after(() => gateway.stop())
  const keeper = await pusher(gateway, 'keeper', gateway.enroll!)
  after(() => keeper.agent.close())
  const { git } = keeper
  const remote = keeper.remote(gateway.sample)
  const within = (what: string, before: number, peak: number): void => {
    t.diagnostic(`${what}: ${before.toFixed(0)} MiB before, ${peak.toFixed(0)} MiB at the peak`)
    assert.ok(peak - before <= BOUND_MIB, `${what} took ${(peak - before).toFixed(0)} MiB`)
  }

  const small = await repositoryOf(git, 'small', WARM_UP_MIB)
  await git.ok(small, 'push', '--signed', remote, 'HEAD:refs/heads/small')
  await git.ok(
    git.home,
    'clone',
    '-q',
    '--bare',
    '--single-branch',
    '-b',
    'small',
    remote,
    git.path('small.git'),
  )

  const large = await repositoryOf(git, 'large', LARGE_MIB)
  const head = await git.ok(large, 'rev-parse', 'HEAD')
  const beforePush = rssMiB(gateway.pid)
  const pushing = await peakRssMiB(gateway.pid, () =>
    git.ok(large, 'push', '--signed', remote, 'HEAD:refs/heads/large'),
  )
  within('the push', beforePush, pushing)

  const beforeHeld = rssMiB(gateway.pid)
  const holding = await peakRssMiB(gateway.pid, async () => {
    const held = await pushAndTouch(keeper.person, git, large, remote, 'HEAD:refs/heads/held')
    assert.equal(held.code, 0, held.stderr)
  })
  within('the held push', beforeHeld, holding)
  rmSync(large, { recursive: true })

  const beforeClone = rssMiB(gateway.pid)
  const copy = git.path('copy.git')
  const cloning = await peakRssMiB(gateway.pid, () =>
    git.ok(git.home, 'clone', '-q', '--bare', '--single-branch', '-b', 'large', remote, copy),
  )
  within('the clone', beforeClone, cloning)
  assert.equal(await git.ok(copy, 'rev-parse', 'refs/heads/large'), head)
  await git.ok(copy, 'fsck', '--full', '--strict')
})
