import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { listen } from '../../src/front/http/listeners.ts'

const GRACE = 600_000 // far beyond this test: whatever waits for it fails by the runner's own limit

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

test('a stop waits for what runs, and for nothing else', async () => {
  const listener = await listen(['127.0.0.1'], 0, null)
  let answer: (() => void) | undefined
  const asked = new Promise<void>((resolve) => {
    listener.serve((req, res) => {
      if (req.url === '/slow') {
        answer = () => res.end('done')
        resolve()
      } else res.end('quick')
    })
  })
  const unused = await open(listener.port)
  const kept = await open(listener.port)
  kept.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await once(kept, 'data')
  const slow = await open(listener.port)
  slow.write('GET /slow HTTP/1.1\r\nhost: x\r\n\r\n')
  await asked

  let closed = false
  const stopped = listener.close(GRACE).then(() => {
    closed = true
  })
  await Promise.all([once(unused, 'close'), once(kept, 'close')])
  assert.equal(closed, false)
  const heard = once(slow, 'data')
  answer!()
  const [bytes] = (await heard) as [Buffer]
  assert.match(bytes.toString(), /done$/)
  await stopped
})
