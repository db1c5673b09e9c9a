import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { softKey } from '../../../test/support/sk-agent.ts'
import { sshString } from '../bytes.ts'
import { checkLogin, type Login, type LoginError, parseAuthRequest } from './auth-request.ts'
import { hostKey, verifyHostSignature } from './host-key.ts'
import { SK_ED25519 } from './public-key.ts'

interface Vector {
  readonly what: string
  readonly login: Record<keyof Login, string>
  readonly error?: string
  readonly says?: Record<string, unknown>
}
const vectors = (name: string): Vector[] =>
  JSON.parse(
    readFileSync(join(import.meta.dirname, '../../../vectors/ssh-sk', `${name}.json`), 'utf8'),
  ) as Vector[]
const loginOf = ({ login }: Vector): Login =>
  Object.fromEntries(
    Object.entries(login).map(([name, text]) => [name, Buffer.from(text, 'base64')]),
  ) as unknown as Login

function tag(error: LoginError): string {
  if (typeof error === 'string') return error
  return 'key' in error ? error.key.kind : error.signature
}

describe('sign-ins that hold', () => {
  for (const vector of vectors('valid'))
    test(vector.what, () => {
      const login = loginOf(vector)
      const checked = checkLogin(login)
      assert.ok(checked.ok, JSON.stringify(checked))
      const { key, up, uv, counter, user } = checked.value
      assert.deepEqual(
        { type: key.type, application: key.application, up, uv, counter, user, fingerprint: key.fingerprint },
        vector.says,
      )
      assert.ok(verifyHostSignature(login.hostKey, login.hostSignature, login.sessionId))
    })
})

describe('refused', () => {
  for (const vector of vectors('invalid'))
    test(vector.what, () => {
      const checked = checkLogin(loginOf(vector))
      assert.equal(checked.ok ? 'accepted' : tag(checked.error), vector.error)
    })
  test('no changed bit goes unnoticed', () => {
    const [vector] = vectors('valid')
    for (const part of ['sessionId', 'signed', 'signature'] as const) {
      const login = loginOf(vector!)
      const bytes = login[part] as Buffer
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        bytes[bit >> 3]! ^= 1 << (bit & 7)
        assert.ok(!checkLogin(login).ok, `${part} bit ${bit}`)
        bytes[bit >> 3]! ^= 1 << (bit & 7)
      }
    }
  })
})

test('the host: another key, another text, another algorithm', () => {
  const host = hostKey(Buffer.alloc(32, 1))
  const message = Buffer.from('x')
  assert.ok(verifyHostSignature(host.blob, host.sign(message), message))
  assert.ok(!verifyHostSignature(hostKey(Buffer.alloc(32, 2)).blob, host.sign(message), message))
  assert.ok(!verifyHostSignature(host.blob, host.sign(message), Buffer.from('y')))
  assert.ok(!verifyHostSignature(host.blob, Buffer.concat([host.sign(message), Buffer.alloc(1)]), message))
  assert.ok(!verifyHostSignature(softKey(SK_ED25519, '').blob, host.sign(message), message))
})

test('requests by other methods are not looked into', () => {
  const payload = Buffer.concat([
    Buffer.from([50]),
    ...['git', 'ssh-connection', 'password'].map((text) => sshString(text)),
    Buffer.from('whatever'),
  ])
  const parsed = parseAuthRequest(payload)
  assert.ok(parsed.ok)
  assert.deepEqual([parsed.value.method, parsed.value.offer], ['password', null])
})

test('nothing throws', () => {
  const login = loginOf(vectors('valid')[0]!)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 200 }), (signed, signature) => {
      checkLogin({ ...login, signed, signature })
      parseAuthRequest(Buffer.from(signed))
      parseAuthRequest(Buffer.concat([Buffer.from([50]), signed]))
    }),
  )
})
