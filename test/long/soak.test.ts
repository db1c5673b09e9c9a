import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { verifyLedger } from '../../src/ledger/verify-ledger.ts'
import { openRecords } from '../../src/records.ts'
import { scratch, startGateway } from '../support/gateway.ts'
import { NAVIGATE } from '../support/person.ts'
import { rssMiB } from '../support/process.ts'
import { pusher } from '../support/pusher.ts'

const ROUNDS = 200
const PAGES = 10
/** Rounds after which caches and pools have their size. */
const SETTLED = 50
const GROWTH_MIB = 64

test('reads, pushes, fetches and sign-ins for minutes: memory stays, and the ledger verifies', async (t) => {
  const home = scratch('soak')
  const gateway = await startGateway({ home, env: { COUNTERSIGN_LOG: 'warn' } })
  after(() => gateway.stop())
  const keeper = await pusher(gateway, 'keeper', gateway.enroll!)
  after(() => keeper.agent.close())
  const { git, person } = keeper
  const path = new URL(gateway.sample).pathname.replace(/\.git$/, '')
  const dir = git.path('work')
  await git.ok(git.home, 'clone', '-q', keeper.remote(gateway.sample), dir)
  await person.openForge()

  let settled = 0
  for (let round = 1; round <= ROUNDS; round++) {
    const pages = await Promise.all(
      Array.from({ length: PAGES }, () => person.ask(`${gateway.url}${path}`, { headers: NAVIGATE })),
    )
    assert.ok(pages.every(({ status }) => status === 200))
    await git.ok(dir, 'commit', '-q', '--allow-empty', '-m', `round ${round}`)
    await git.ok(dir, 'push', '-q', '--signed', 'origin', 'HEAD')
    if (round % 5 === 0) await git.ok(dir, 'fetch', '-q')
    if (round % 20 === 0) {
      await person.signIn()
      await person.openForge()
    }
    if (round === SETTLED) settled = rssMiB(gateway.pid)
  }
  const end = rssMiB(gateway.pid)
  t.diagnostic(`${settled.toFixed(0)} MiB after ${SETTLED} rounds, ${end.toFixed(0)} MiB after ${ROUNDS}`)
  assert.ok(end - settled <= GROWTH_MIB, `${settled.toFixed(0)} MiB grew to ${end.toFixed(0)} MiB`)
  await gateway.stop()

  const limits = {
    portalIdle: 60,
    forgeIdle: 720,
    absolute: 720,
    gitPassword: 720,
    token: 43_200,
    link: 1440,
  }
  const records = await openRecords(home, {
    limits,
    database: null,
    portal: { origin: gateway.portal, rpId: 'localhost' },
  })
  after(() => records.close())
  const verified = await verifyLedger(records.store, records.ledger.vkey)
  assert.ok(verified.ok, verified.ok ? '' : verified.error)
  assert.ok(verified.value.size >= ROUNDS * 2, 'an intent and an outcome for every push')
})
