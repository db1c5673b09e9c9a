import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { get, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { request } from 'undici'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { peakRssMiB, rssMiB } from '../support/process.ts'
import { enrolledPerson, gitPassword } from '../support/pusher.ts'

// An object passes through and is never held: memory does not grow with it, whoever of the two is slow.
const WARM_UP_MIB = 64
const SIZE_MIB = 256
const BOUND_MIB = 96
const CHUNK = Buffer.alloc(1 << 20, 7)

let gateway: RunningGateway
let authorization: string

before(async () => {
  gateway = await startGateway({ env: { COUNTERSIGN_FORGE: 'stand-in' } })
  const keeper = await enrolledPerson(gateway, gateway.enroll!)
  authorization = `Basic ${Buffer.from(`keeper:${await gitPassword(keeper)}`).toString('base64')}`
})
after(() => gateway.stop())

/** Addresses by size: all of an object's bytes are alike, and hashed once. */
const urls = new Map(
  [WARM_UP_MIB, SIZE_MIB].map((mib) => {
    const hash = createHash('sha256')
    for (let i = 0; i < mib; i++) hash.update(CHUNK)
    return [mib, hash.digest('hex')] as const
  }),
)
const urlOf = (mib: number): string => `${gateway.sample}/info/lfs/objects/basic/${urls.get(mib)}`
async function upload(mib: number): Promise<void> {
  const t = Date.now()
  const answer = await request(urlOf(mib), {
    method: 'PUT',
    headers: {
      authorization,
      'content-type': 'application/octet-stream',
      'content-length': `${mib * CHUNK.length}`,
    },
    body: Readable.from(chunks(mib)),
  })
  assert.equal(answer.statusCode, 200, await answer.body.text())
  console.log(mib, Date.now() - t)
}
function* chunks(mib: number): Generator<Buffer> {
  for (let i = 0; i < mib; i++) yield CHUNK
}
const begin = (mib: number): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(urlOf(mib), { headers: { authorization } }, resolve).once('error', reject)
  })

/** All of an object, by somebody who waits before they read. */
async function download(mib: number): Promise<void> {
  const answer = await begin(mib)
  assert.equal(answer.statusCode, 200)
  answer.pause()
  await wait(500) // long enough for all of it to come, if anybody let it
  let size = 0
  for await (const chunk of answer) size += (chunk as Buffer).length
  assert.equal(size, mib * CHUNK.length)
}

for (const [way, pass] of Object.entries({ upload, 'slow download': download }))
  test(`the ${way} of ${SIZE_MIB} MiB takes at most ${BOUND_MIB} MiB more memory than one of ${WARM_UP_MIB} MiB left behind`, async () => {
    await upload(WARM_UP_MIB)
    await pass(WARM_UP_MIB)
    if (pass !== upload) await upload(SIZE_MIB)
    const before = rssMiB(gateway.pid)
    const peak = await peakRssMiB(gateway.pid, () => pass(SIZE_MIB))
    assert.ok(
      peak - before <= BOUND_MIB,
      `${before.toFixed(0)} MiB after the warm-up, ${peak.toFixed(0)} MiB at the peak`,
    )
  })
