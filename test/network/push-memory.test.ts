import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { repositoryOf } from '../support/blobs.ts'
import { startGateway } from '../support/gateway.ts'
import { pushAndTouch } from '../support/held-push.ts'
import { peakRssMiB, rssMiB } from '../support/process.ts'
import { pusher } from '../support/pusher.ts'

// A pack passes through and is never held: memory does not grow with it.
const WARM_UP_MIB = 64
const PUSH_MIB = 256
const BOUND_MIB = 64

/** The same for a push that streams and for one that waits on disk. */
for (const way of ['certified', 'held'] as const) {
  test(`a ${way} push of 256 MiB takes at most 64 MiB more memory than one of 64 MiB left behind`, async () => {
    const gateway = await startGateway()
    after(() => gateway.stop())
    const keeper = await pusher(gateway, 'keeper', gateway.enroll!)
    after(() => keeper.agent.close())
    const push = async (mib: number): Promise<void> => {
      const dir = await repositoryOf(keeper.git, `blobs-${mib}`, mib)
      const to = [keeper.remote(gateway.sample), `HEAD:refs/heads/blobs-${mib}`] as const
      const pushed =
        way === 'held'
          ? await pushAndTouch(keeper.person, keeper.git, dir, ...to)
          : await keeper.git.git(dir, 'push', '--signed', ...to)
      assert.equal(pushed.code, 0, pushed.stderr)
    }
    await push(WARM_UP_MIB)
    const before = rssMiB(gateway.pid)
    const peak = await peakRssMiB(gateway.pid, () => push(PUSH_MIB))
    assert.ok(
      peak - before <= BOUND_MIB,
      `${before.toFixed(0)} MiB after the warm-up, ${peak.toFixed(0)} MiB at the peak`,
    )
  })
}
