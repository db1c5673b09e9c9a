// One contract, two forges: the stand-in always, and Gogs when there is a binary. Where they differ, the stand-in is
// wrong.
import { after, before, describe } from 'node:test'
import { newBench } from './bench.ts'
import { deletionContract } from './deletions.ts'
import { gitContract } from './git.ts'
import { identityContract } from './identity.ts'
import { lfsContract } from './lfs.ts'
import { lifetimeContract } from './lifetime.ts'
import { pageContract } from './pages.ts'
import { peopleContract } from './people.ts'
import { pullContract } from './pulls.ts'
import { releaseContract } from './releases.ts'
import { KINDS } from './support.ts'
import { tokenContract } from './tokens.ts'
import { unguardedContract } from './unguarded.ts'

process.stdout.write(
  `forge contract: ${KINDS.join(' and ')}${KINDS.includes('gogs') ? '' : ' (no gogs binary in GOGS_BINARY or on PATH)'}\n`,
)

for (const kind of KINDS) {
  describe(`forge contract: ${kind}`, () => {
    const bench = newBench(kind)
    before(() => bench.open())
    after(() => bench.close())
    identityContract(bench)
    peopleContract(bench)
    pageContract(bench)
    gitContract(bench)
    lfsContract(bench)
    releaseContract(bench)
    deletionContract(bench)
    unguardedContract(bench)
    pullContract(bench)
    tokenContract(bench)
    lifetimeContract(bench)
  })
}
