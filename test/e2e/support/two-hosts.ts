import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type RunningGateway, scratch, startGateway } from '../../support/gateway.ts'
import { run } from '../../support/git.ts'
import type { Surroundings } from './firefox.ts'

const FORGE = 'git.gw.test'
const PORTAL = 'id.git.gw.test'

/** A gateway as in production: TLS, and two hosts of one site. */
export interface TwoHosts {
  readonly gateway: RunningGateway
  /** Switches with which Chromium finds and trusts both hosts; to it, the certificate has no fault. */
  readonly switches: readonly string[]
  /** The same for Firefox. */
  readonly firefox: Surroundings
  /** The same for git: configuration, and environment, which wins over it. */
  readonly gitConfig: Record<string, string>
  readonly gitEnv: Record<string, string>
}

/** Start a gateway on `https://git.gw.test` and `https://id.git.gw.test`, with a certificate made for it. */
export async function startTwoHosts(env: Record<string, string>): Promise<TwoHosts> {
  const home = scratch('two-hosts')
  const [ca, caKey] = [join(home, 'ca.pem'), join(home, 'ca-key.pem')]
  const [cert, key] = [join(home, 'cert.pem'), join(home, 'key.pem')]
  await certify(['-subj', '/CN=Authority of a test', '-keyout', caKey, '-out', ca])
  await certify([
    ...['-CA', ca, '-CAkey', caKey, '-addext', 'basicConstraints=critical,CA:FALSE'],
    ...['-subj', `/CN=${FORGE}`, '-addext', `subjectAltName=DNS:${FORGE},DNS:${PORTAL}`],
    ...['-keyout', key, '-out', cert],
  ])
  const port = await freePort()
  writeFileSync(
    join(home, 'countersign.yaml'),
    [
      `forge: https://${FORGE}:${port}`,
      `portal: https://${PORTAL}:${port}`,
      `listen: { host: 127.0.0.1, port: ${port} }`,
      'tls: { cert: cert.pem, key: key.pem }',
      'log: info',
      '',
    ].join('\n'),
  )
  const gateway = await startGateway({ home, env })
  const spki = new X509Certificate(readFileSync(cert)).publicKey.export({ type: 'spki', format: 'der' })
  return {
    gateway,
    switches: [
      `--host-resolver-rules=MAP ${FORGE} 127.0.0.1, MAP ${PORTAL} 127.0.0.1`,
      // Not "ignore errors": a page with a certificate error can do less, and that must not be why attacks fail.
      `--ignore-certificate-errors-spki-list=${createHash('sha256').update(spki).digest('base64')}`,
    ],
    gitConfig: { 'http.curloptResolve': `${FORGE}:${port}:127.0.0.1` },
    firefox: { hosts: [FORGE, PORTAL], authority: readFileSync(ca, 'utf8') },
    gitEnv: { GIT_SSL_CAINFO: ca },
  }
}

/** A certificate of two days with a fresh key. */
async function certify(more: readonly string[]): Promise<void> {
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', '2']
  const made = await run(['openssl', 'req', ...kind, ...more])
  assert.equal(made.code, 0, made.stderr)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
