import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { sha256Hex } from '../../core/crypto.ts'
import { cookieReader } from './sent-cookies.ts'

const read = cookieReader('session', new Set(['session', 'pre']))
const ask = (socket: object, cookie: string | undefined): ReturnType<typeof read> =>
  read({ socket, headers: { cookie } } as unknown as IncomingMessage)

test('a field is read into the session and what is the forge’s', () => {
  assert.deepEqual(ask({}, 'lang=en; session=s3cret; pre=x; theme=dark'), {
    session: sha256Hex('s3cret'),
    rest: 'lang=en; theme=dark',
  })
  assert.deepEqual(ask({}, undefined), { session: undefined, rest: undefined })
  assert.deepEqual(ask({}, 'lang=en'), { session: undefined, rest: 'lang=en' })
})

test('what one connection sent is remembered for it alone, and only for the very same field', () => {
  const [mine, other] = [{}, {}]
  const first = ask(mine, 'session=a')
  assert.equal(ask(mine, 'session=a'), first)
  assert.equal(ask(mine, 'session=b').session, sha256Hex('b'))
  assert.equal(ask(mine, undefined).session, undefined)
  assert.equal(ask(other, 'session=c').session, sha256Hex('c'))
  assert.equal(ask(mine, 'session=b').session, sha256Hex('b'))
})
