import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { parseAdvertisement } from '../../src/core/git/advertisement.ts'
import { FLUSH, writePktLine } from '../../src/core/git/pkt-line.ts'
import { writePushCertificate } from '../../src/core/git/push-cert.ts'
import { readReceivePackHead } from '../../src/core/git/receive-pack.ts'
import { ReportObserver } from '../../src/core/git/report-status.ts'
import { es256Point } from '../../src/core/ssh/cose-es256.ts'
import { SK_ECDSA, SK_ED25519, writeEcdsaSkKey, writePublicKeyLine } from '../../src/core/ssh/public-key.ts'
import { signedData } from '../../src/core/ssh/sshsig.ts'
import { sshsigFromAssertion } from '../../src/core/ssh/webauthn-signature.ts'
import { scratch } from '../support/gateway.ts'
import { Git } from '../support/git.ts'
import { certifiedBody, certify, EMPTY_PACK, ZERO } from '../support/raw-push.ts'
import { softKey } from '../support/sk-agent.ts'
import { softPasskey } from '../support/soft-passkey.ts'
import { receivePack } from '../support/stock-receive-pack.ts'

// Stock receive-pack as the judge of certificates that we wrote, with its own nonces and its own ssh-keygen.

const dir = scratch('judge')
const bare = join(dir, 'r.git')
const verdict = join(dir, 'verdict')
const allowed = join(dir, 'allowed')
const PUSHEE = 'http://h/r.git/'
let git: Git
let tip: string

before(async () => {
  git = new Git(join(dir, 'home'), undefined)
  await git.configure({})
  const work = join(dir, 'work')
  await git.ok(dir, 'init', '-q', work)
  tip = await git.commit(work, 'first', (at) => writeFileSync(join(at, 'a'), 'a'))
  await git.ok(dir, 'clone', '-q', '--bare', work, bare)
  for (const [name, value] of Object.entries({
    'receive.certNonceSeed': 'seed',
    'receive.certNonceSlop': '60',
    'receive.advertisePushOptions': 'true',
    'gpg.format': 'ssh',
    'gpg.ssh.allowedSignersFile': allowed,
  }))
    await git.ok(bare, 'config', name, value)
  const hook = join(bare, 'hooks', 'pre-receive')
  writeFileSync(
    hook,
    `#!/bin/sh\nprintf '%s %s %s' "$GIT_PUSH_CERT_STATUS" "$GIT_PUSH_CERT_NONCE_STATUS" "$GIT_PUSH_OPTION_0" > '${verdict}'\n`,
  )
  chmodSync(hook, 0o755)
})

async function nonce(): Promise<string> {
  const parsed = parseAdvertisement(await receivePack(bare, ['--advertise-refs']))
  assert.ok(parsed.ok)
  return parsed.value.capabilities.find((word) => word.startsWith('push-cert='))!.slice('push-cert='.length)
}

/** What the hook of stock receive-pack was told: status of the signature (G good), of the nonce, first push option. */
async function judged(
  body: Buffer,
): Promise<{ verdict: string; report: ReturnType<ReportObserver['refs']> }> {
  rmSync(verdict, { force: true })
  const observer = new ReportObserver(['side-band-64k'])
  observer.push(await receivePack(bare, [], body))
  return { verdict: existsSync(verdict) ? readFileSync(verdict, 'latin1') : '', report: observer.refs() }
}

const update = (ref: string) => ({ before: ZERO, after: tip, ref })

describe('a certificate written by us is good to stock receive-pack', () => {
  for (const type of [SK_ED25519, SK_ECDSA] as const) {
    const key = softKey(type, '')
    test(`signed by ${type}, and bad with one letter changed`, async () => {
      writeFileSync(allowed, `me namespaces="git" ${key.line}\n`)
      const certificate = certify(key, {
        nonce: await nonce(),
        pushee: PUSHEE,
        updates: [update(`refs/heads/${type.slice(0, 8)}`)],
      })
      const good = await judged(certifiedBody(certificate))
      assert.match(good.verdict, /^G (?:OK|SLOP) $/)
      assert.deepEqual(good.report, [{ ref: `refs/heads/${type.slice(0, 8)}`, ok: true }])
      const text = Buffer.from(
        certificate.text.toString('latin1').replace('refs/heads/', 'refs/heads/x'),
        'latin1',
      )
      assert.match((await judged(certifiedBody({ ...certificate, text }))).verdict, /^[BN] /)
    })
  }

  test('signed by a passkey in a browser, as a held push would be', async () => {
    const origin = 'https://id.git.example.com'
    const rpId = 'id.git.example.com'
    const passkey = softPasskey(origin)
    const created = passkey.create({ challenge: 'AAAA', user: { id: 'AAAA' } }) as {
      response: { attestationObject: string }
    }
    const point = es256Point(Buffer.from(created.response.attestationObject, 'base64url').subarray(-77))!
    const line = writePublicKeyLine({ type: SK_ECDSA, blob: writeEcdsaSkKey(point, rpId) })
    writeFileSync(allowed, `me namespaces="git" ${line}\n`)
    const text = writePushCertificate({
      pusher: 'alice by countersign 1800000000 +0000',
      pushee: PUSHEE,
      nonce: await nonce(),
      pushOptions: [],
      updates: [update('refs/heads/held')],
    })
    const answer = passkey.get({ challenge: signedData('git', 'sha512', text).toString('base64url') }) as {
      response: Record<'authenticatorData' | 'clientDataJSON' | 'signature', string>
    }
    const bytes = (name: keyof typeof answer.response): Buffer =>
      Buffer.from(answer.response[name], 'base64url')
    const signature = sshsigFromAssertion(
      {
        point,
        rpId,
        origin,
        authenticatorData: bytes('authenticatorData'),
        clientDataJSON: bytes('clientDataJSON'),
        signature: bytes('signature'),
      },
      'git',
    )
    assert.ok(signature)
    assert.match((await judged(certifiedBody({ text, signature }))).verdict, /^G (?:OK|SLOP) $/)
  })
})

describe('what receive-pack reads otherwise than it looks', () => {
  const body = (caps: string): Buffer =>
    Buffer.concat([
      writePktLine(`${ZERO} ${tip} refs/heads/smuggled-${caps.length}\0 report-status side-band-64k ${caps}`),
      FLUSH,
      writePktLine('smuggled'),
      FLUSH,
      EMPTY_PACK,
    ])
  test('a flag with a value is the flag: it takes the bytes behind the commands for options, and we refuse', async () => {
    assert.match((await judged(body('push-options'))).verdict, / smuggled$/, 'control: as negotiated')
    assert.match((await judged(body('push-options=x'))).verdict, / smuggled$/, 'git takes it')
    assert.equal(readReceivePackHead(body('push-options'), true).kind, 'head')
    assert.equal(readReceivePackHead(body('push-options=x'), true).kind, 'error')
  })
  test('stock receive-pack does not judge the touch; the flags are ours to judge', async () => {
    const key = softKey(SK_ED25519, '')
    key.flags = 0
    writeFileSync(allowed, `me namespaces="git" ${key.line}\n`)
    const certificate = certify(key, {
      nonce: await nonce(),
      pushee: PUSHEE,
      updates: [update('refs/heads/untouched')],
    })
    assert.match((await judged(certifiedBody(certificate))).verdict, /^G /)
  })
})
