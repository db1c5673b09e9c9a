import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { sshString, u32 } from '../../src/core/bytes.ts'
import { hostKey } from '../../src/core/ssh/host-key.ts'
import { MSG } from '../../src/core/ssh/message.ts'
import { writePacket } from '../../src/core/ssh/packet.ts'
import { SK_ECDSA, SK_ED25519 } from '../../src/core/ssh/public-key.ts'
import type { HeldLogin } from '../../src/front/ssh/authentication.ts'
import { listenSsh, SSH_LIMITS, type SshPeer, type SshServer } from '../../src/front/ssh/server.ts'
import { softKey } from '../support/sk-agent.ts'
import { RawSsh } from '../support/ssh-client.ts'

const key = softKey(SK_ED25519, '')
const hosts = [hostKey(Buffer.alloc(32, 1)), hostKey(Buffer.alloc(32, 2))]

describe('the server of ssh', () => {
  let server: SshServer
  const logins: HeldLogin[] = []
  const peers: SshPeer[] = []
  const logged: string[] = []
  const open: RawSsh[] = []

  before(async () => {
    server = await listenSsh(['127.0.0.1'], 0, hosts, {
      ...SSH_LIMITS,
      unauthenticated: 8,
      handshake: 1_500,
      login: 2_500,
    })
    server.serve({
      knows: ({ blob }) => Buffer.from(blob).equals(key.blob),
      admit: (login, peer) => {
        logins.push(login)
        peers.push(peer)
        return login.up ? { ok: true, who: login.user } : { ok: false, say: 'It was not touched.' }
      },
      run(channel, wanted, who) {
        if (wanted.kind === 'exec' && wanted.command === 'echo') {
          channel.pipe(channel, { end: false })
          channel.once('end', () => void channel.exit(0))
          return
        }
        channel.say('no shell\n')
        channel.write(`${who} ${wanted.kind}`)
        void channel.exit(3)
      },
      log: (facts) => void logged.push(JSON.stringify(facts)),
    })
  })
  afterEach(() => {
    for (const client of open.splice(0)) client.close()
  })
  after(() => server.close(0))

  async function client(options: object = {}): Promise<RawSsh> {
    const made = await RawSsh.open({ port: server.port, ...options })
    open.push(made)
    return made
  }
  async function signedIn(options: object = {}): Promise<RawSsh> {
    const made = await client(options)
    await made.askForAuthentication()
    assert.equal(await made.signIn(key), MSG.authSuccess)
    return made
  }
  /** The server still serves. */
  async function stands(): Promise<void> {
    assert.equal((await (await signedIn()).exec('x')).code, 3)
  }

  for (const kex of ['mlkem768x25519-sha256', 'curve25519-sha256'])
    for (const cipher of ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'])
      test(`${kex}, ${cipher}: signs in, runs, says how it ended`, async () => {
        const ssh = await signedIn({ kex: [kex, 'kex-strict-c-v00@openssh.com'], ciphers: cipher })
        assert.deepEqual(await ssh.exec('x'), { code: 3, out: 'git exec', err: 'no shell\n' })
        assert.equal(peers.at(-1)!.session.kex, kex)
      })

  test('a megabyte there and back, over new keys in the middle', async () => {
    const ssh = await signedIn()
    const channel = await ssh.openChannel(2 ** 24)
    ssh.message(MSG.channelRequest, u32(channel), sshString('exec'), Buffer.from([0]), sshString('echo'))
    const sent = randomBytes(1 << 20)
    for (let at = 0; at < sent.length; at += 32768) {
      if (at === 1 << 19) await ssh.exchange()
      ssh.message(MSG.channelData, u32(channel), sshString(sent.subarray(at, at + 32768)))
    }
    ssh.message(MSG.channelEof, u32(channel))
    // What came during the exchange was passed over, so only the end is looked at.
    await ssh.expect(MSG.channelEof)
    await ssh.expect(MSG.channelClose)
  })

  test('host keys: the first in use, all announced, each proven', async () => {
    const ssh = await signedIn()
    assert.deepEqual(ssh.hostKey, hosts[0]!.blob)
    const told = await ssh.expect(MSG.globalRequest)
    for (const { blob } of hosts) assert.ok(told.includes(blob))
    const name = 'hostkeys-prove-00@openssh.com'
    ssh.message(MSG.globalRequest, sshString(name), Buffer.from([1]), sshString(hosts[1]!.blob))
    const proof = await ssh.expect(MSG.requestSuccess)
    const text = Buffer.concat([sshString(name), sshString(ssh.sessionId), sshString(hosts[1]!.blob)])
    assert.ok(proof.includes(hosts[1]!.sign(text)))
    ssh.message(MSG.globalRequest, sshString(name), Buffer.from([1]), sshString(key.blob))
    await ssh.expect(MSG.requestFailure)
  })

  describe('signing in', () => {
    test('with six wrong keys before the right one', async () => {
      const ssh = await client()
      await ssh.askForAuthentication()
      for (let n = 0; n < 6; n++) assert.equal(await ssh.signIn(softKey(SK_ECDSA, '')), MSG.authFailure)
      assert.equal(await ssh.signIn(key), MSG.authSuccess)
    })
    test('not without end', async () => {
      const ssh = await client()
      await ssh.askForAuthentication()
      for (let n = 0; n < 25; n++) if ((await ssh.signIn(softKey(SK_ED25519, ''))) === 0) break
      assert.match((await ssh.end()) ?? '', /too many keys/)
    })
    test('not without a touch, and it says so', async () => {
      const ssh = await client()
      await ssh.askForAuthentication()
      key.flags = 0
      assert.equal(await ssh.signIn(key), MSG.authFailure)
      key.flags = 1
      assert.equal(await ssh.signIn(key), MSG.authSuccess)
    })
    test('a signature is good for its own session', async () => {
      const [one, two] = [await client(), await client()]
      for (const ssh of [one, two]) await ssh.askForAuthentication()
      const request = one.authRequest(key)
      const signature = key.sign(Buffer.concat([sshString(one.sessionId), request]))
      const before = logins.length
      two.send(Buffer.concat([request, sshString(signature)]))
      await two.expect(MSG.authFailure)
      assert.equal(logins.length, before)
    })
    test('a plain key, a certificate, a password: what would do is named', async () => {
      const ssh = await client()
      await ssh.askForAuthentication()
      for (const type of ['ssh-ed25519', 'sk-ssh-ed25519-cert-v01@openssh.com', 'ssh-rsa']) {
        const blob = Buffer.concat([sshString(type), sshString(Buffer.alloc(32, 1))])
        ssh.send(ssh.authRequest({ type: SK_ED25519, blob }, { algorithm: type, signs: false }))
        assert.match((await ssh.expect(MSG.authFailure)).toString('latin1'), /fido2-security-keys-only/)
      }
      ssh.message(
        MSG.authRequest,
        ...['git', 'ssh-connection', 'password', 'x'].map((text) => sshString(text)),
      )
      assert.match((await ssh.expect(MSG.authFailure)).toString('latin1'), /publickey/)
    })
    test('nothing is done for somebody who has not', async () => {
      for (const attempt of [
        (ssh: RawSsh) => ssh.message(MSG.channelOpen, sshString('session'), u32(0), u32(9), u32(99)),
        (ssh: RawSsh) => ssh.message(MSG.globalRequest, sshString('tcpip-forward'), Buffer.from([1])),
        (ssh: RawSsh) => ssh.message(MSG.authSuccess),
      ]) {
        const ssh = await client()
        await ssh.askForAuthentication()
        attempt(ssh)
        assert.match((await ssh.end()) ?? '', /not signed in/)
      }
    })
    test('no service but this one', async () => {
      const ssh = await client()
      ssh.message(MSG.serviceRequest, sshString('ssh-connection'))
      assert.match((await ssh.end()) ?? '', /no such service/)
    })
  })

  describe('channels', () => {
    test('only sessions, and not without end', async () => {
      const ssh = await signedIn()
      ssh.message(MSG.channelOpen, sshString('direct-tcpip'), u32(0), u32(9), u32(999))
      await ssh.expect(MSG.channelOpenFailure)
      for (let n = 0; n < 8; n++) await ssh.openChannel()
      ssh.message(MSG.channelOpen, sshString('session'), u32(0), u32(9), u32(999))
      await ssh.expect(MSG.channelOpenFailure)
    })
    test('no terminal, no agent, no forwarding; variables are heard and not used', async () => {
      const ssh = await signedIn()
      const channel = await ssh.openChannel()
      for (const [name, reply] of [
        ['pty-req', MSG.channelFailure],
        ['auth-agent-req@openssh.com', MSG.channelFailure],
        ['x11-req', MSG.channelFailure],
        ['env', MSG.channelSuccess],
      ] as const) {
        ssh.message(MSG.channelRequest, u32(channel), sshString(name), Buffer.from([1]))
        await ssh.expect(reply)
      }
    })
    test('one command each', async () => {
      const ssh = await signedIn()
      const channel = await ssh.openChannel()
      const exec = Buffer.concat([sshString('exec'), Buffer.from([1]), sshString('echo')])
      ssh.message(MSG.channelRequest, u32(channel), exec)
      await ssh.expect(MSG.channelSuccess)
      ssh.message(MSG.channelRequest, u32(channel), exec)
      await ssh.expect(MSG.channelFailure)
    })
    test('more data than there is room for ends it', async () => {
      const ssh = await signedIn()
      const channel = await ssh.openChannel(0) // so that nothing flows back
      ssh.message(MSG.channelRequest, u32(channel), sshString('exec'), Buffer.from([0]), sshString('echo'))
      for (let n = 0; n < 200; n++) ssh.message(MSG.channelData, u32(channel), sshString(Buffer.alloc(32768)))
      assert.match((await ssh.end()) ?? '', /more data/)
    })
    for (const [what, type, ...parts] of [
      ['a window beyond its limit', MSG.channelWindowAdjust, u32(0), u32(0xffff_ffff)],
      ['a channel that is not there', MSG.channelData, u32(7), sshString('x')],
      ['a message cut short', MSG.channelRequest, u32(0), sshString('exec')],
      ['a message with something behind', MSG.channelEof, u32(0), Buffer.from([0])],
      ['a message nobody knows', 192, Buffer.alloc(4)],
    ] as const)
      test(`${what} ends it`, async () => {
        const ssh = await signedIn()
        await ssh.openChannel()
        ssh.message(type, ...parts)
        assert.ok((await ssh.end()) !== undefined)
        await stands()
      })
  })

  describe('what comes before', () => {
    test('a client without strict key exchange is told to update', async () => {
      const ssh = new RawSsh({ port: server.port, kex: ['curve25519-sha256'] })
      open.push(ssh)
      await ssh.version()
      ssh.send(ssh.kexInit())
      assert.match((await ssh.end()) ?? '', /CVE-2023-48795/)
    })
    test('nothing may come between, neither ignored nor for debugging', async () => {
      for (const type of [MSG.ignore, MSG.debug, MSG.unimplemented, MSG.serviceRequest, MSG.extInfo]) {
        const early = new RawSsh({ port: server.port })
        const late = new RawSsh({ port: server.port })
        open.push(early, late)
        await early.version()
        early.message(type, sshString('x'))
        early.send(early.kexInit())
        assert.ok((await early.end()) !== undefined, `message ${type} first`)
        await late.version()
        late.send(late.kexInit())
        late.message(type, sshString('x'))
        assert.ok((await late.end()) !== undefined, `message ${type} within`)
      }
    })
    test('out of order: new keys, two beginnings, a value of no key', async () => {
      for (const attempt of [
        (ssh: RawSsh) => ssh.message(MSG.newKeys),
        (ssh: RawSsh) => ssh.message(MSG.ecdhInit, sshString(Buffer.alloc(32, 9))),
        (ssh: RawSsh) => [ssh.send(ssh.kexInit()), ssh.send(ssh.kexInit())],
        (ssh: RawSsh) => [
          ssh.send(ssh.kexInit()),
          ssh.message(MSG.ecdhInit, sshString(Buffer.alloc(1216, 0xff))),
        ],
        (ssh: RawSsh) => [ssh.send(ssh.kexInit()), ssh.message(MSG.ecdhInit, sshString(Buffer.alloc(32)))],
        (ssh: RawSsh) => [ssh.send(ssh.kexInit()), ssh.message(MSG.newKeys)],
      ]) {
        const ssh = new RawSsh({ port: server.port })
        open.push(ssh)
        await ssh.version()
        attempt(ssh)
        assert.ok((await ssh.end()) !== undefined)
      }
      await stands()
    })
    test('oversized, garbage, another protocol', async () => {
      const endings = [
        Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
        Buffer.from('SSH-1.5-old\r\n'),
        Buffer.alloc(1000, 65),
        Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), u32(0x7fff_ffff)]),
        Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), randomBytes(4000)]),
        Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), ...writePacket(Buffer.from([20]), null)]),
      ]
      for (const bytes of endings) {
        const socket = connect(server.port, '127.0.0.1')
        socket.on('error', () => {})
        socket.write(bytes)
        socket.resume()
        await new Promise((resolve) => socket.once('close', resolve))
      }
      await stands()
    })
    test('bits turned on their way', async () => {
      const ssh = await signedIn()
      const [first, ...rest] = writePacket(Buffer.from([MSG.ignore, 0, 0, 0, 0]), null)
      ssh.socket.write(Buffer.concat([first!, ...rest, Buffer.alloc(64)]))
      assert.ok((await ssh.end()) !== undefined)
      await stands()
    })
    test('bytes of every kind at every stage leave it standing', { timeout: 60_000 }, async () => {
      for (let n = 0; n < 150; n++) {
        const stage = n % 3
        const ssh = stage === 0 ? new RawSsh({ port: server.port }) : await client()
        if (stage === 0) await ssh.version()
        if (stage === 2) {
          await ssh.askForAuthentication()
          await ssh.signIn(key)
          await ssh.openChannel()
        }
        for (let m = 0; m < 20; m++) {
          const payload = randomBytes(1 + ((n * m) % 200))
          if (m % 2) payload[0] = [20, 30, 21, 5, 50, 80, 90, 93, 94, 95, 96, 97, 98][m % 13]!
          ssh.send(payload)
        }
        ssh.close()
      }
      await stands()
    })
    test('the silent ones make room for who signs in', async () => {
      const silent = Array.from({ length: 200 }, () =>
        connect(server.port, '127.0.0.1').on('error', () => {}),
      )
      await wait(100)
      const waiting = await client() // has its keys, and takes its time
      await waiting.askForAuthentication()
      for (let n = 0; n < 40; n++) silent.push(connect(server.port, '127.0.0.1').on('error', () => {}))
      await wait(50)
      assert.equal(await waiting.signIn(key), MSG.authSuccess)
      await stands()
      for (const socket of silent) socket.destroy()
    })
    test('who takes too long is sent away: without keys, without signing in', async () => {
      const silent = new RawSsh({ port: server.port })
      open.push(silent)
      await silent.version()
      assert.match((await silent.end()) ?? '', /in time/)
      const idle = await client()
      await idle.askForAuthentication()
      assert.match((await idle.end()) ?? '', /nobody signed in/)
    })
  })

  test('cut at once, whatever runs', async () => {
    const ssh = await signedIn()
    const channel = await ssh.openChannel()
    ssh.message(MSG.channelRequest, u32(channel), sshString('exec'), Buffer.from([0]), sshString('echo'))
    peers.at(-1)!.cut()
    await ssh.end()
    assert.ok(peers.at(-1)!.gone.aborted)
  })
})
