import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, describe, test } from 'node:test'
import { Pool } from 'undici'
import type { Ending } from '../../src/front/git/ending.ts'
import { letBodyCome } from '../../src/front/http/continue.ts'
import { endToEnd } from '../../src/front/http/headers.ts'
import { listen } from '../../src/front/http/listeners.ts'
import { forward, hasBody } from '../../src/front/http/reverse-proxy.ts'
import { eventually, rawExchange, rawServer } from '../support/raw-http.ts'

const cleanups: (() => unknown)[] = []
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
})

/** A front that forwards everything to `port`, dropping `x-secret` as an adapter would. */
async function front(port: number): Promise<{ port: number; endings: Ending[] }> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { pipelining: 1, connections: 8 })
  const endings: Ending[] = []
  const listener = await listen(['127.0.0.1'], 0, null)
  listener.serve((req: IncomingMessage, res: ServerResponse) => {
    letBodyCome(req, res)
    void forward(
      pool,
      {
        method: req.method!,
        path: req.url!,
        headers: endToEnd(req.rawHeaders, new Set(['x-secret', 'host', 'expect'])),
        body: hasBody(req) ? req : null,
      },
      res,
      { head: (status, raw) => ({ status, headers: endToEnd(raw, new Set()) }) },
    ).then((ending) => {
      endings.push(ending)
      if (ending.kind === 'upstream-failed' && ending.status === undefined)
        res.writeHead(502).end('bad gateway')
    })
  })
  cleanups.push(async () => {
    await listener.close(0)
    await pool.destroy()
  })
  return { port: listener.port, endings }
}

async function upstream(
  handler: (req: IncomingMessage, res: ServerResponse) => void,
): Promise<{ port: number; server: Server }> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, server }
}

const get = (extra = ''): string => `GET /p HTTP/1.1\r\nHost: x\r\n${extra}Connection: close\r\n\r\n`

describe('requests on their way to the forge', () => {
  test('hop-by-hop fields and those named by Connection stay here (RFC 9110 7.6.1)', async () => {
    let seen: string[] = []
    const up = await upstream((req, res) => {
      seen = req.rawHeaders
      res.end('ok')
    })
    const { port } = await front(up.port)
    await rawExchange(
      port,
      'GET /p HTTP/1.1\r\nHost: x\r\nConnection: close, X-Named\r\nX-Named: 1\r\nX-Secret: 2\r\nX-SECRET: 3\r\nTE: trailers\r\nKeep-Alive: 1\r\nX-Kept: 4\r\n\r\n',
    )
    const names = seen.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase())
    assert.ok(names.includes('x-kept'))
    for (const gone of ['x-named', 'x-secret', 'te', 'keep-alive']) assert.ok(!names.includes(gone), gone)
  })

  test('a chunked body arrives whole', async () => {
    let body = ''
    const up = await upstream((req, res) => {
      req.setEncoding('utf8').on('data', (text) => (body += text))
      req.on('end', () => res.end('ok'))
    })
    const { port } = await front(up.port)
    const answer = await rawExchange(
      port,
      'POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n',
    )
    assert.match(answer, /^HTTP\/1\.1 200/)
    assert.equal(body, 'hello world')
  })

  test('100-continue is answered by us, and Expect does not travel', async () => {
    let expect: string | undefined = 'unset'
    const up = await upstream((req, res) => {
      expect = req.headers.expect
      req.resume().on('end', () => res.end('ok'))
    })
    const { port } = await front(up.port)
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(
          'POST /p HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n',
        ),
      )
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk
        if (text === 'HTTP/1.1 100 Continue\r\n\r\n') socket.write('hi')
      })
      socket.on('close', () => resolve(text))
    })
    assert.match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200/)
    assert.equal(expect, undefined)
  })

  test('Content-Length and Transfer-Encoding together, and a bare LF in a field, are refused before the forge hears of them', async () => {
    let heard = 0
    const up = await upstream((_req, res) => {
      heard++
      res.end('ok')
    })
    const { port } = await front(up.port)
    assert.match(
      await rawExchange(
        port,
        'POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      ),
      /^HTTP\/1\.1 400/,
    )
    assert.match(
      await rawExchange(port, 'GET /p HTTP/1.1\r\nHost: x\r\nX-A: b\nX-Secret: c\r\n\r\n'),
      /^HTTP\/1\.1 400/,
    )
    assert.equal(heard, 0)
  })

  test('a client that leaves before the answer ends the request at the forge', async () => {
    let closed = false
    const up = await upstream((_req, res) => {
      res.on('close', () => (closed = !res.writableFinished))
    })
    const { port, endings } = await front(up.port)
    const socket = connect(port, '127.0.0.1', () => socket.write(get()))
    await eventually(
      async () =>
        (await new Promise<number>((resolve) => up.server.getConnections((_, count) => resolve(count)))) > 0,
      'the request arrives',
    )
    socket.destroy()
    await eventually(() => closed && endings.length === 1, 'the abort reaches the forge')
    assert.equal(endings[0]!.kind, 'client-gone')
  })
})

describe('answers on their way to the client', () => {
  test('several Set-Cookie fields stay several', async () => {
    const up = await upstream((_req, res) => {
      res.writeHead(
        200,
        [
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
        ].flat(),
      )
      res.end()
    })
    const { port } = await front(up.port)
    assert.equal((await rawExchange(port, get())).match(/set-cookie: [ab]=\d/gi)?.length, 2)
  })

  test('trailers arrive', async () => {
    const up = await upstream((_req, res) => {
      res.writeHead(200, { trailer: 'X-Sum', 'transfer-encoding': 'chunked' })
      res.write('body')
      res.addTrailers({ 'X-Sum': '42' })
      res.end()
    })
    const { port } = await front(up.port)
    assert.match(await rawExchange(port, get()), /0\r\nX-Sum: 42\r\n\r\n/i)
  })

  test('103 early hints arrive before the answer', async () => {
    const up = await upstream((_req, res) => {
      res.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' })
      res.end('ok')
    })
    const { port } = await front(up.port)
    assert.match(await rawExchange(port, get()), /^HTTP\/1\.1 103 [\s\S]*style\.css[\s\S]*HTTP\/1\.1 200/)
  })

  test('an early refusal is heard although the body was not sent', async () => {
    const up = await upstream((req, res) => {
      res.writeHead(413, { connection: 'close' })
      res.end('too much')
      req.resume()
    })
    const { port } = await front(up.port)
    const answer = await rawExchange(
      port,
      'POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nsome',
      /too much/,
    )
    assert.match(answer, /^HTTP\/1\.1 413/)
  })

  test('a body cut short upstream is never a whole body downstream', async () => {
    const up = await rawServer((socket, received) => {
      socket.on('data', () => {
        if (received().endsWith('\r\n\r\n'))
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', () => socket.destroy())
      })
    })
    cleanups.push(up.close)
    const { port, endings } = await front(up.port)
    const answer = await rawExchange(port, get())
    assert.ok(answer.includes('half') || answer === '')
    assert.ok(!answer.includes('\r\n0\r\n\r\n'))
    await eventually(() => endings[0]?.kind === 'upstream-failed', 'the failure is seen')
  })

  test('a forge that is not there gives 502, not a hang', async () => {
    const up = await rawServer((socket) => socket.destroy())
    cleanups.push(up.close)
    const { port } = await front(up.port)
    assert.match(await rawExchange(port, get()), /^HTTP\/1\.1 502/)
  })

  test('server-sent events arrive one by one', async () => {
    let next: (() => void) | undefined
    const up = await upstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      res.write('data: 1\n\n')
      next = () => res.end('data: 2\n\n')
    })
    const { port } = await front(up.port)
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(get()))
    socket.on('data', (chunk) => (text += chunk))
    await eventually(() => text.includes('data: 1'), 'the first event')
    assert.ok(!text.includes('data: 2'))
    next!()
    await eventually(() => text.includes('data: 2'), 'the second event')
    socket.destroy()
  })

  test('a slow reader slows the forge down instead of filling memory', async () => {
    const total = 64 * 1024 * 1024
    let sent = 0
    const up = await upstream((_req, res) => {
      res.writeHead(200, { 'content-length': total })
      const chunk = Buffer.alloc(64 * 1024)
      const more = (): void => {
        while (sent < total) {
          sent += chunk.length
          if (!res.write(chunk)) {
            res.once('drain', more)
            return
          }
        }
        res.end()
      }
      more()
    })
    const { port } = await front(up.port)
    const socket = connect({ port, host: '127.0.0.1' })
    socket.write(get())
    socket.pause()
    let before = -1
    await eventually(() => {
      const still = sent > 0 && sent === before
      before = sent
      return still
    }, 'the forge stops sending')
    assert.ok(sent < total, `${sent} of ${total} bytes were taken from the forge for a reader that read none`)
    let received = 0
    socket.on('data', (chunk) => (received += chunk.length))
    socket.resume()
    await eventually(() => received > total, 'the rest arrives once the reader reads')
    socket.destroy()
  })
})
