import assert from 'node:assert/strict'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { writePktLine } from '../../src/core/git/pkt-line.ts'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'
import { repositoryOf } from '../support/blobs.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { submit } from '../support/held-push.ts'
import { gitPassword, type Pusher, pusher } from '../support/pusher.ts'
import { advertised, type Credentials, certifiedBody, certify, ZERO } from '../support/raw-push.ts'

describe('a git stream ends with what opened it', () => {
  let gateway: RunningGateway
  let keeper: Pusher
  let tip: string

  before(async () => {
    gateway = await startGateway({ env: { COUNTERSIGN_FORGE: 'stand-in' } })
    keeper = await pusher(gateway, 'keeper', gateway.enroll!)
    const dir = await repositoryOf(keeper.git, 'large', 32)
    await keeper.git.ok(dir, 'push', '--signed', keeper.remote(gateway.sample), 'HEAD:refs/heads/large')
    tip = await keeper.git.ok(dir, 'rev-parse', 'HEAD')
  })
  after(() => gateway.stop())

  const who = async (): Promise<Credentials> => ({
    user: 'keeper',
    password: await gitPassword(keeper.person),
  })

  async function passwordIds(): Promise<string[]> {
    const page = await keeper.person.ask(`${gateway.portal}/git-password`)
    return [...page.text.matchAll(/\/git-password\/([^/"]+)\/end/g)].map(([, id]) => id!)
  }

  /** End every git password, as the page's buttons do. */
  async function endPasswords(): Promise<void> {
    for (const id of await passwordIds()) await submit(keeper.person, `/git-password/${id}/end`, {})
  }

  test('a clone whose client reads slowly', async () => {
    const stream = open(gateway, await who(), 'git-upload-pack')
    stream.req.end(askFor(tip))
    const answer = await stream.answer
    assert.equal(answer.statusCode, 200)
    answer.pause() // 32 MiB do not fit into what waits on the way
    await wait(300)
    assert.equal(stream.ended(), false)
    await endPasswords()
    answer.resume()
    await stream.end
    assert.equal(answer.complete, false)
  })

  test('a push whose pack is still coming in, with its intent settled by reading the refs', async () => {
    const own = await who()
    const { nonce } = await advertised(gateway.sample, own)
    const update = { before: ZERO, after: tip, ref: 'refs/heads/cut' }
    const body = certifiedBody(
      certify(keeper.key, { nonce: nonce!, pushee: `${gateway.sample}/`, updates: [update] }),
    )
    const stream = open(gateway, own, 'git-receive-pack')
    stream.req.write(body.subarray(0, -8))
    const store = await openSqlite(join(gateway.home, 'countersign.db'))
    const intents = (): Promise<{ id: string }[]> =>
      store.db.selectFrom('intent').select('id').where('state', '=', 'open').execute()
    while ((await intents()).length === 0) await wait(10)
    assert.equal(stream.ended(), false)
    await endPasswords()
    await stream.end
    for (let tries = 0; (await intents()).length > 0; tries++) {
      assert.ok(tries < 200, 'the intent stays open')
      await wait(50)
    }
    await store.close()
    assert.equal((await advertised(gateway.sample, await who())).refs.has('refs/heads/cut'), false)
  })

  test('not with another git password', async () => {
    await endPasswords()
    const mine = await who()
    const [own] = await passwordIds()
    const stream = open(gateway, mine, 'git-upload-pack')
    stream.req.end(askFor(tip))
    const answer = await stream.answer
    answer.pause()
    await who()
    for (const id of (await passwordIds()).filter((each) => each !== own))
      await submit(keeper.person, `/git-password/${id}/end`, {})
    await wait(200)
    assert.equal(stream.ended(), false)
    answer.resume()
    await stream.end
    assert.equal(answer.complete, true)
  })
})

function askFor(tip: string): Buffer {
  return Buffer.concat([writePktLine(`want ${tip} ofs-delta\n`), Buffer.from('0000'), writePktLine('done\n')])
}

/** A request of git's whose body and answer are ours to slow down. */
function open(
  gateway: RunningGateway,
  { user, password }: Credentials,
  service: string,
): {
  req: ReturnType<typeof httpRequest>
  answer: Promise<IncomingMessage>
  end: Promise<void>
  ended(): boolean
} {
  const req = httpRequest(`${gateway.sample}/${service}`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
      'content-type': `application/x-${service}-request`,
    },
  })
  let ended = false
  const end = new Promise<void>((resolve) => {
    req.once('close', () => {
      ended = true
      resolve()
    })
  })
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    req.once('response', (res) => {
      res.on('error', () => undefined)
      resolve(res)
    })
    req.once('error', reject)
  })
  answer.catch(() => undefined)
  return { req, answer, end, ended: () => ended }
}
