import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { request } from 'undici'
import { checkTicket, type LfsTicket, mintTicket } from '../../src/core/lfs/ticket.ts'
import { forges } from '../support/forges.ts'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { pushAndTouch, submit } from '../support/held-push.ts'
import { ledgerEntries } from '../support/ledger-entries.ts'
import { enrolledPerson, gitPassword, inviteLink, type Pusher, pusher } from '../support/pusher.ts'
import { eventually } from '../support/raw-http.ts'

const LFS_JSON = 'application/vnd.git-lfs+json'
const BYTES = 'application/octet-stream'
const MiB = 1 << 20
const LIMIT_MIB = 12

interface Action {
  readonly href: string
  readonly header: Record<string, string>
  readonly expires_in: number
}
interface Offered {
  readonly oid: string
  readonly size: number
  readonly authenticated?: boolean
  readonly actions?: Record<string, Action>
  readonly error?: { code: number; message: string }
}
interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly bytes: Buffer
  readonly json: Record<string, any>
}

const oidOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

for (const forge of forges()) {
  describe(`large files, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Pusher
    let work: string
    let lfs: string
    let basic: string

    before(async () => {
      const home = scratch('home')
      writeFileSync(join(home, 'countersign.yaml'), `lfs: { maxObjectMiB: ${LIMIT_MIB} }\n`)
      gateway = await startGateway({ home, env: forge.env })
      keeper = await pusher(gateway, 'keeper', gateway.enroll!)
      await keeper.git.ok(keeper.git.home, 'lfs', 'install', '--skip-repo')
      await keeper.git.ok(keeper.git.home, 'clone', '-q', keeper.remote(gateway.sample), 'work')
      work = keeper.git.path('work')
      await keeper.git.ok(work, 'lfs', 'install', '--local')
      await keeper.git.ok(work, 'lfs', 'track', '*.bin')
      lfs = `${gateway.sample}/info/lfs`
      basic = basicOf('keeper', keeper.password)
    })
    after(() => gateway.stop())

    const basicOf = (user: string, password: string): string =>
      `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
    const intents = async (): Promise<Record<string, any>[]> =>
      (await ledgerEntries(gateway.home, 'intent')).filter(({ action }) => action === 'lfs.upload')

    async function ask(
      method: string,
      url: string,
      authorization: string | undefined,
      body?: string | Buffer,
      type = LFS_JSON,
    ): Promise<Answer> {
      const answer = await request(url, {
        method: method as 'GET',
        headers: {
          ...(authorization !== undefined && { authorization }),
          ...(body !== undefined && { 'content-type': type }),
          accept: LFS_JSON,
        },
        ...(body !== undefined && { body }),
      })
      const bytes = Buffer.from(await answer.body.arrayBuffer())
      let json = {}
      try {
        json = JSON.parse(bytes.toString())
      } catch {}
      return { status: answer.statusCode, headers: answer.headers, bytes, json }
    }
    async function offered(
      operation: 'upload' | 'download',
      object: { oid: string; size: number },
      authorization = basic,
    ): Promise<Offered> {
      const answer = await batch({ operation, transfers: ['basic'], objects: [object] }, authorization)
      assert.equal(answer.status, 200, answer.bytes.toString())
      return answer.json['objects'][0]
    }
    const batch = (value: object, authorization: string | undefined = basic): Promise<Answer> =>
      ask('POST', `${lfs}/objects/batch`, authorization, JSON.stringify(value))
    const take = (action: Action, body: Buffer): Promise<Answer> =>
      ask('PUT', action.href, action.header['Authorization'], body, BYTES)
    /** A new object, with what the gateway offers for its upload. */
    async function fresh(size = 1000): Promise<{ bytes: Buffer; oid: string; size: number; offer: Offered }> {
      const bytes = randomBytes(size)
      const object = { oid: oidOf(bytes), size }
      return { bytes, ...object, offer: await offered('upload', object) }
    }
    const absent = async (object: { oid: string; size: number }): Promise<void> =>
      assert.equal((await offered('download', object)).error?.code, 404)
    const key = (): Buffer =>
      Buffer.from(readFileSync(join(gateway.home, 'secrets', 'nonce.key'), 'latin1').trim(), 'hex')
    /** The ticket of an action with something in it changed, and signed again by the gateway's own key. */
    function changed(action: Action, change: Partial<LfsTicket>): string {
      const read = checkTicket(key(), action.header['Authorization']!.slice('Bearer '.length), Date.now())
      assert.ok(read.ok)
      return `Bearer ${mintTicket(key(), { ...read.value, ...change })}`
    }
    const commitLarge = async (name: string, size: number): Promise<Buffer> => {
      const bytes = randomBytes(size)
      await keeper.git.commit(work, name, (dir) => writeFileSync(join(dir, name), bytes))
      return bytes
    }

    describe('stock git-lfs', () => {
      async function arrives(branch: string, files: Record<string, Buffer>): Promise<void> {
        await keeper.git.ok(
          keeper.git.home,
          'clone',
          '-q',
          '-b',
          branch,
          keeper.remote(gateway.sample),
          `clone-${branch}`,
        )
        for (const [name, bytes] of Object.entries(files)) {
          const got = readFileSync(keeper.git.path(`clone-${branch}`, name))
          assert.equal(oidOf(got), oidOf(bytes), name)
        }
      }
      test('a certified push of large files, and a clone of them', async () => {
        const a = await commitLarge('a.bin', 3 * MiB)
        const b = await commitLarge('b.bin', 10)
        await keeper.git.ok(work, 'push', 'origin', 'HEAD:refs/heads/certified')
        await arrives('certified', { 'a.bin': a, 'b.bin': b })
      })
      test('a push that waits for a touch', async () => {
        const c = await commitLarge('c.bin', MiB)
        const pushed = await pushAndTouch(keeper.person, keeper.git, work, 'origin', 'HEAD:refs/heads/held')
        assert.equal(pushed.code, 0, pushed.stderr)
        await arrives('held', { 'c.bin': c })
      })
      test('each object is on record before it lands: who, where, which, and what came of it', async () => {
        const before = (await intents()).length
        const d = await commitLarge('d.bin', 5000)
        await keeper.git.ok(work, 'push', 'origin', 'HEAD:refs/heads/recorded')
        const recorded = (await intents()).slice(before)
        assert.equal(recorded.length, 1)
        assert.equal(recorded[0]!['actor'].name, 'keeper')
        assert.equal(recorded[0]!['repo'].name, 'hello')
        assert.equal(recorded[0]!['request'].path, `/keeper/hello.git/info/lfs/objects/basic/${oidOf(d)}`)
        const outcome = (await ledgerEntries(gateway.home, 'outcome')).findLast(
          ({ status }) => status !== undefined,
        )
        assert.equal(outcome!['result'], 'accepted')
      })
      test('an object beyond the limit ends the push with words', async () => {
        await commitLarge('huge.bin', LIMIT_MIB * MiB + 1)
        const refused = await keeper.git.git(work, 'push', 'origin', 'HEAD:refs/heads/huge')
        assert.notEqual(refused.code, 0)
        assert.match(refused.stderr, /larger than the 12 MiB that are allowed here/)
        await keeper.git.ok(work, 'reset', '-q', '--hard', 'HEAD~1')
      })
      test('policy that refuses uploads ends the push at the batch, and is said', async () => {
        const file = join(gateway.home, 'policy', 'lfs.cedar')
        const loads = async (): Promise<number> => (await ledgerEntries(gateway.home, 'policy.load')).length
        const settled = async (count: number): Promise<void> =>
          eventually(async () => (await loads()) > count, 'policy is loaded')
        let count = await loads()
        mkdirSync(join(gateway.home, 'policy'), { recursive: true })
        writeFileSync(
          file,
          '@id("large files are kept elsewhere")\nforbid (principal, action == Action::"lfs.upload", resource);\n',
        )
        await settled(count)
        const e = await commitLarge('e.bin', 20)
        const refused = await keeper.git.git(work, 'push', 'origin', 'HEAD:refs/heads/refused')
        assert.notEqual(refused.code, 0)
        assert.match(refused.stderr, /Policy does not allow this: .*large files are kept elsewhere/)
        // The object by itself, with the password, is no way round.
        assert.equal((await ask('PUT', `${lfs}/objects/basic/${oidOf(e)}`, basic, e, BYTES)).status, 403)
        count = await loads()
        rmSync(file)
        await settled(count)
        await absent({ oid: oidOf(e), size: 20 })
      })
    })

    describe('the batch', () => {
      test('gives addresses of the gateway, a ticket each, and nothing of the forge', async () => {
        const { offer, oid, size, bytes } = await fresh()
        assert.deepEqual([offer.oid, offer.size, offer.authenticated], [oid, size, true])
        assert.deepEqual(Object.keys(offer.actions!).sort(), ['upload', 'verify'])
        const { upload, verify } = offer.actions as Record<'upload' | 'verify', Action>
        assert.equal(upload.href, `${lfs}/objects/basic/${oid}`)
        assert.equal(verify.href, `${lfs}/objects/basic/verify`)
        for (const { header, expires_in } of [upload, verify]) {
          assert.match(header['Authorization']!, /^Bearer csl1\./)
          assert.ok(expires_in > 3500 && expires_in <= 3600, `${expires_in}`)
        }
        assert.equal((await take(upload, bytes)).status, 200)
        const check = JSON.stringify({ oid, size })
        assert.equal((await ask('POST', verify.href, verify.header['Authorization'], check)).status, 200)
        const { download } = (await offered('download', { oid, size })).actions!
        assert.deepEqual(Object.keys(download!.header), ['Authorization'])
        const got = await ask('GET', download!.href, download!.header['Authorization'])
        assert.equal(got.status, 200)
        assert.ok(got.bytes.equals(bytes))
        assert.equal(got.headers['x-content-type-options'], 'nosniff')
        assert.match(String(got.headers['content-security-policy']), /sandbox/)
        assert.equal(got.headers['set-cookie'], undefined)
        // The password itself does as well.
        assert.ok((await ask('GET', download!.href, basic)).bytes.equals(bytes))
      })
      test('says of what is not there that it is not', async () => {
        const answer = await offered('download', { oid: 'ab'.repeat(32), size: 3 })
        assert.deepEqual(answer.error, { code: 404, message: 'Object does not exist' })
        assert.equal(answer.actions, undefined)
      })
      test('is refused when it is no batch', async () => {
        for (const value of [
          [],
          { operation: 'steal', objects: [] },
          { operation: 'upload', objects: [{ oid: '../x', size: 1 }] },
        ])
          assert.equal((await batch(value)).status, 400, JSON.stringify(value))
        assert.equal((await ask('POST', `${lfs}/objects/batch`, basic, '{')).status, 400)
        assert.equal((await ask('POST', `${lfs}/objects/batch`, basic, '{}', 'application/json')).status, 400)
        assert.equal((await ask('POST', `${lfs}/objects/batch`, basic, 'x'.repeat(2 * MiB))).status, 413)
        // Without a length, too, and heard.
        const endless = Readable.from(Array.from({ length: 8 }, () => Buffer.alloc(MiB, 'x')))
        const answer = await request(`${lfs}/objects/batch`, {
          method: 'POST',
          headers: { authorization: basic, 'content-type': LFS_JSON },
          body: endless,
        })
        assert.equal(answer.statusCode, 413)
        await answer.body.dump()
      })
      test('is refused to strangers, with the question that git-lfs knows', async () => {
        const none = { operation: 'download', objects: [{ oid: 'ab'.repeat(32), size: 3 }] }
        for (const authorization of [undefined, basicOf('keeper', 'csp_wrong'), 'Bearer x', 'Basic x']) {
          const answer = await ask('POST', `${lfs}/objects/batch`, authorization, JSON.stringify(none))
          assert.equal(answer.status, 401)
          assert.equal(answer.headers['lfs-authenticate'], 'Basic realm="Countersign"')
          assert.equal(answer.headers['www-authenticate'], undefined)
          assert.equal(typeof answer.json['message'], 'string')
        }
      })
      test('is refused to who may not read; locks and the like are nothing', async () => {
        const other = await somebody('stranger')
        const object = { oid: 'ab'.repeat(32), size: 3 }
        const mine = await ask(
          'POST',
          `${lfs}/objects/batch`,
          other,
          JSON.stringify({ operation: 'download', objects: [object] }),
        )
        assert.equal(mine.status, 404)
        for (const [method, path] of [
          ['GET', 'locks'],
          ['POST', 'locks/verify'],
          ['DELETE', `objects/basic/${object.oid}`],
          ['GET', 'objects/basic/verify'],
        ] as const)
          assert.equal((await ask(method, `${lfs}/${path}`, basic)).status, 404, path)
      })
    })

    /** A repository of keeper's that everybody may read; its LFS address. */
    async function openRepo(): Promise<string> {
      await keeper.person.openForge('/')
      const form = await keeper.person.ask(`${gateway.url}/repo/create`, { headers: { accept: 'text/html' } })
      const field = (name: string): string =>
        new RegExp(`name="${name}"[^>]*value="([^"]*)"`).exec(form.text)?.[1] ?? ''
      const made = await keeper.person.ask(`${gateway.url}/repo/create`, {
        method: 'POST',
        body: new URLSearchParams({
          _csrf: field('_csrf'),
          user_id: field('user_id') || field('uid'),
          repo_name: 'open',
          auto_init: 'on',
          readme: 'Default',
        }).toString(),
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          origin: gateway.url,
          'sec-fetch-site': 'same-origin',
        },
      })
      assert.equal(made.status, 302, made.text.slice(0, 300))
      return `${gateway.url}/keeper/open.git/info/lfs`
    }

    test('in a repository that one may only read, and with a ticket of another repository', async () => {
      const open = await openRepo()
      const reader = await somebody('reader')
      const { bytes, oid, size, offer } = await fresh()
      const question = (operation: string): string => JSON.stringify({ operation, objects: [{ oid, size }] })
      const upload = await ask('POST', `${open}/objects/batch`, reader, question('upload'))
      assert.equal(upload.status, 403)
      assert.match(upload.json['message'], /may read this repository, but not push to it/)
      const put = await ask('PUT', `${open}/objects/basic/${oid}`, reader, bytes, BYTES)
      assert.equal(put.status, 403)
      const ticket = offer.actions!['upload']!.header['Authorization']!
      assert.equal((await ask('PUT', `${open}/objects/basic/${oid}`, ticket, bytes, BYTES)).status, 403)
      assert.equal((await ask('PUT', `${open}/objects/basic/${oid}`, basic, bytes, BYTES)).status, 200)
      const download = await ask('POST', `${open}/objects/batch`, reader, question('download'))
      assert.deepEqual(Object.keys(download.json['objects'][0].actions), ['download'])
      const got = await ask('GET', `${open}/objects/basic/${oid}`, reader)
      assert.ok(got.bytes.equals(bytes))
    })

    const somebody = async (name: string): Promise<string> => {
      const login = `${name}${forge.name.length}`
      const person = await enrolledPerson(gateway, await inviteLink(keeper.person, login))
      return basicOf(login, await gitPassword(person))
    }

    describe('a ticket is refused', () => {
      test('with a byte changed, or of nobody', async () => {
        const { bytes, offer, oid, size } = await fresh()
        const { upload } = offer.actions!
        const good = upload!.header['Authorization']!
        for (const bad of [
          `${good.slice(0, -1)}${good.endsWith('A') ? 'B' : 'A'}`,
          `${good}x`,
          'Bearer csl1',
          'Bearer',
        ]) {
          const answer = await ask('PUT', upload!.href, bad, bytes, BYTES)
          assert.equal(answer.status, 401, bad)
          assert.equal(answer.headers['lfs-authenticate'], 'Basic realm="Countersign"')
        }
        await absent({ oid, size })
      })
      test('when it is over', async () => {
        const { bytes, offer } = await fresh()
        const { upload } = offer.actions!
        const late = changed(upload!, { expiresAt: Date.now() - 1000 })
        const answer = await ask('PUT', upload!.href, late, bytes, BYTES)
        assert.equal(answer.status, 401)
        assert.match(answer.json['message'], /too old/)
      })
      test('for another object, operation, repository or size', async () => {
        const one = await fresh()
        const two = await fresh()
        const { upload, verify } = one.offer.actions!
        const put = (authorization: string, to = one): Promise<Answer> =>
          ask('PUT', to.offer.actions!['upload']!.href, authorization, to.bytes, BYTES)
        const good = upload!.header['Authorization']!
        assert.equal((await put(good, two)).status, 403)
        assert.equal((await put(verify!.header['Authorization']!)).status, 403)
        assert.equal((await put(changed(upload!, { operation: 'download' }))).status, 403)
        assert.equal((await put(changed(upload!, { repo: 999 }))).status, 403)
        assert.equal((await put(changed(upload!, { size: one.size + 1 }))).status, 400)
        assert.equal((await ask('GET', upload!.href, good)).status, 403)
        const question = JSON.stringify({ operation: 'upload', objects: [{ oid: one.oid, size: one.size }] })
        assert.equal((await ask('POST', `${lfs}/objects/batch`, good, question)).status, 403)
        await absent(one)
        await absent(two)
        assert.equal((await put(good)).status, 200)
      })
      test('on git itself, and on pages', async () => {
        const { offer } = await fresh()
        const ticket = offer.actions!['upload']!.header['Authorization']!
        const refs = `${gateway.sample}/info/refs?service=git-upload-pack`
        assert.equal((await ask('GET', refs, ticket)).status, 401)
        assert.notEqual((await ask('GET', `${gateway.url}/keeper/hello`, ticket)).status, 200)
      })
      test('once its git password ended', async () => {
        const own = basicOf('keeper', await gitPassword(keeper.person))
        const bytes = randomBytes(10)
        const offer = await offered('upload', { oid: oidOf(bytes), size: 10 }, own)
        await endPasswords(await idOf(offer))
        assert.equal((await take(offer.actions!['upload']!, bytes)).status, 401)
      })
    })

    const idOf = async (offer: Offered): Promise<string> => {
      const text = Object.values(offer.actions!)[0]!.header['Authorization']!.slice('Bearer '.length)
      const read = checkTicket(key(), text, Date.now())
      assert.ok(read.ok)
      return read.value.credential
    }
    const endPasswords = (id: string): Promise<void> => submit(keeper.person, `/git-password/${id}/end`, {})

    describe('an object is refused', () => {
      test('that is not what its name says', async () => {
        const { bytes, offer, oid, size } = await fresh()
        const other = Buffer.from(bytes)
        other[0]! ^= 1
        assert.equal((await take(offer.actions!['upload']!, other)).status, 400)
        await absent({ oid, size })
      })
      test('that is longer or shorter than was asked for', async () => {
        const { bytes, offer, oid, size } = await fresh()
        const { upload } = offer.actions!
        assert.equal((await take(upload!, bytes.subarray(1))).status, 400)
        assert.equal((await take(upload!, Buffer.concat([bytes, Buffer.from('x')]))).status, 400)
        await absent({ oid, size })
      })
      test('beyond the limit, in the batch and by itself', async () => {
        const object = { oid: 'cd'.repeat(32), size: LIMIT_MIB * MiB + 1 }
        const offer = await offered('upload', object)
        assert.deepEqual([offer.error?.code, offer.actions], [422, undefined])
        const answer = await begin(`${lfs}/objects/basic/${object.oid}`, basic, object.size).answer
        assert.equal(answer.statusCode, 413)
      })
      test('without a length', async () => {
        const { offer } = await fresh()
        const { upload } = offer.actions!
        const { req, answer } = begin(upload!.href, upload!.header['Authorization']!, null)
        req.end('x')
        assert.equal((await answer).statusCode, 400)
      })
      test('whose sender leaves in the middle; the next one may send it', async () => {
        const { bytes, offer, oid, size } = await fresh(MiB)
        const { upload } = offer.actions!
        const before = (await ledgerEntries(gateway.home, 'outcome')).length
        const { req } = begin(upload!.href, upload!.header['Authorization']!, size)
        req.write(bytes.subarray(0, size / 2))
        await eventually(
          async () => (await intents()).some(({ request }) => request.path.endsWith(oid)),
          'the intent is on disk',
        )
        req.destroy()
        await eventually(
          async () => (await ledgerEntries(gateway.home, 'outcome')).length > before,
          'the end is on record',
        )
        assert.equal((await ledgerEntries(gateway.home, 'outcome')).at(-1)!['result'], 'unknown')
        await absent({ oid, size })
        assert.equal((await take(upload!, bytes)).status, 200)
      })
    })

    test('an object that the forge has already is taken again', async () => {
      const { bytes, offer } = await fresh(8 * MiB)
      const { upload } = offer.actions!
      assert.equal((await take(upload!, bytes)).status, 200)
      // It answers before it has read: what still comes must not stop what comes next on the connection.
      for (let times = 0; times < 3; times++) assert.equal((await take(upload!, bytes)).status, 200)
    })

    test('a transfer ends with the git password that began it', async () => {
      const own = basicOf('keeper', await gitPassword(keeper.person))
      const bytes = randomBytes(2 * MiB)
      const object = { oid: oidOf(bytes), size: bytes.length }
      const offer = await offered('upload', object, own)
      const { upload } = offer.actions!
      const { req, closed } = begin(upload!.href, upload!.header['Authorization']!, object.size)
      req.write(bytes.subarray(0, MiB))
      await eventually(
        async () => (await intents()).some(({ request }) => request.path.endsWith(object.oid)),
        'the upload runs',
      )
      await endPasswords(await idOf(offer))
      await closed
      await absent(object)
    })

    test('no ticket is in the log', () => {
      assert.equal(gateway.log().includes('csl1.'), false)
    })
  })
}

/** An upload whose bytes are ours to send. */
function begin(
  url: string,
  authorization: string,
  length: number | null,
): { req: ReturnType<typeof httpRequest>; answer: Promise<IncomingMessage>; closed: Promise<void> } {
  const req = httpRequest(url, {
    method: 'PUT',
    headers: {
      authorization,
      'content-type': BYTES,
      ...(length === null ? { 'transfer-encoding': 'chunked' } : { 'content-length': length }),
    },
  })
  if (length !== null) req.flushHeaders()
  const closed = new Promise<void>((resolve) => req.once('close', resolve))
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    req.once('response', (res) => {
      res.resume()
      resolve(res)
    })
    req.on('error', reject)
  })
  answer.catch(() => undefined)
  return { req, answer, closed }
}
