import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'undici'
import { freePort } from '../src/upstream/launch/child.ts'
import { scratch } from '../test/support/gateway.ts'
import { listening, type Rival } from './rival.ts'

/** oauth2-proxy with a session of its own password form, so that no identity provider is needed; or why not. */
export async function startOauth2Proxy(upstream: string): Promise<Rival | string> {
  const program = process.env['OAUTH2_PROXY_BINARY']
  if (!program) return 'not measured: OAUTH2_PROXY_BINARY is not set'
  const dir = scratch('bench-oauth2-proxy')
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const password = randomBytes(16).toString('hex')
  const htpasswd = join(dir, 'htpasswd')
  writeFileSync(htpasswd, `keeper:{SHA}${createHash('sha1').update(password).digest('base64')}\n`)
  const flags = {
    'http-address': `127.0.0.1:${port}`,
    upstream: `${upstream}/`,
    provider: 'github',
    'client-id': 'bench',
    'client-secret': 'bench',
    'cookie-secret': randomBytes(16).toString('hex'),
    'cookie-secure': 'false',
    'email-domain': '*',
    'redirect-url': `${origin}/oauth2/callback`,
    'htpasswd-file': htpasswd,
    'request-logging': 'false',
    'auth-logging': 'false',
    'standard-logging': 'false',
  }
  const argv = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
  const child = spawn(program, argv, { stdio: ['ignore', 'ignore', 'inherit'] })
  process.once('exit', () => child.kill('SIGKILL'))
  await listening(port, child)
  const { statusCode, headers, body } = await request(`${origin}/oauth2/sign_in`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ username: 'keeper', password, rd: '/' }).toString(),
  })
  await body.dump()
  const cookie = [headers['set-cookie'] ?? []]
    .flat()
    .map((line) => line.split(';', 1)[0]!)
    .join('; ')
  if (cookie === '') throw new Error(`oauth2-proxy answered its sign-in with ${statusCode} and no session`)
  return {
    name: 'oauth2-proxy',
    pid: child.pid!,
    origin,
    headers: { cookie },
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}
