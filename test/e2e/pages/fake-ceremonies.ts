import type {
  Ceremonies,
  CreationOptions,
  CredentialJson,
  RequestOptions,
} from '../../../src/ceremony/ceremonies.ts'
import { randomSecret } from '../../../src/core/crypto.ts'
import type { deviceId } from '../../../src/core/identity.ts'
import type { Refusal } from '../../../src/core/refusal.ts'
import { refusal } from '../../../src/core/refusal.ts'
import { err, ok, type Result } from '../../../src/core/result.ts'
import { signedData } from '../../../src/core/ssh/sshsig.ts'
import { encodeField } from '../../../src/core/statement/percent.ts'
import type { FakeIdentity } from './fake-identity.ts'

const NO = refusal(
  'proof-invalid',
  'That passkey is not known here.',
  'Use one that you registered on this site.',
)

/**
 * Ceremonies that look at the credential's id and at the browser that began, and at nothing else. They stand in for the
 * real ones where pages and browser code are the subject.
 */
export function fakeCeremonies(identity: FakeIdentity, rpId: string): Ceremonies {
  const begun = new Map<string, string>()
  const challenges = new Map<string, string>()
  const texts = new Map<string, string>()

  const challenge = (pre: string, what: string): string => {
    begun.set(`${what} ${pre}`, what)
    return randomSecret()
  }
  const took = (pre: string, what: string): boolean => begun.delete(`${what} ${pre}`)
  const request = (pre: string, what: string, allow: readonly string[]): RequestOptions => ({
    challenge: challenge(pre, what),
    rpId,
    userVerification: 'required',
    allowCredentials: allow.map((id) => ({ type: 'public-key', id })),
  })
  const creation = (pre: string, what: string, account: string): CreationOptions => ({
    challenge: challenge(pre, what),
    rp: { id: rpId, name: 'Countersign' },
    user: { id: Buffer.from(account).toString('base64url'), name: account, displayName: account },
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
  const known = (credential: CredentialJson): ReturnType<FakeIdentity['deviceByCredential']> =>
    typeof credential['id'] === 'string'
      ? identity.deviceByCredential('webauthn', credential['id'])
      : undefined
  const added = (
    account: ReturnType<FakeIdentity['account']>,
    name: string,
    credential: CredentialJson,
    by: string,
  ): Result<ReturnType<typeof deviceId>, Refusal> => {
    if (!account || typeof credential['id'] !== 'string') return err(NO)
    identity.log.push(`addDevice ${name} by ${by}`)
    return ok(
      identity.seedDevice({
        account: account.id,
        name,
        credential: credential['id'],
        enrolledBy: by,
        lastUsedAt: null,
      }).id,
    )
  }

  return {
    async beginSignIn(pre) {
      return request(pre, 'sign-in', [])
    },
    async finishSignIn(pre, credential) {
      const device = known(credential)
      if (!took(pre, 'sign-in') || !device) return err(NO)
      return ok({ account: device.account, device: device.id, uv: true, evidence: {} })
    },
    async beginEnrol(pre, secret) {
      const link = identity.invitation(secret, 0)
      return link ? ok(creation(pre, 'enrol', link.account.name)) : err(NO)
    },
    async finishEnrol(pre, secret, credential, name) {
      return took(pre, 'enrol')
        ? added(identity.invitation(secret, 0)?.account, name, credential, 'invitation:i1')
        : err(NO)
    },
    async beginApproval(pre, account, { action, fields }, except, only) {
      const allow = identity
        .activeDevices(account)
        .filter(({ id, kind }) => kind === 'webauthn' && id !== except && (only?.includes(id) ?? true))
      const name = identity.account(account)?.name
      const lines = [
        'countersign statement v1',
        `origin http://${rpId}`,
        `actor ${name} forge-id 7`,
        `action ${action}`,
      ]
      const id = randomSecret()
      const text = [
        ...lines,
        ...fields.map((field) => `field ${field.map(encodeField).join(' ')}`),
        `nonce ${randomSecret()}`,
        '',
      ].join('\n')
      const options = request(
        pre,
        `approve ${id}`,
        allow.map(({ credential }) => credential),
      )
      challenges.set(id, String(options['challenge']))
      texts.set(id, text)
      return ok({ id, text, options })
    },
    async finishApproval(pre, account, id, credential) {
      const device = known(credential)
      const signed = challengeOf(credential) ?? challenges.get(id)
      if (!took(pre, `approve ${id}`) || device?.account !== account || signed !== challenges.get(id))
        return err(NO)
      return ok({ device: device.id, uv: true, evidence: { statement: texts.get(id) ?? '' } })
    },
    beginPush(pre, account, { certificate, ways }) {
      if (identity.account(account)?.state !== 'active' || ways.length === 0)
        return err(refusal('proof-needed', 'No passkey of yours will do for this push.'))
      const id = randomSecret()
      const options = {
        ...request(
          pre,
          `push ${id}`,
          ways.map(({ device }) => device.credential),
        ),
        challenge: signedData('git', 'sha512', certificate).toString('base64url'),
        userVerification: ways.every(({ uv }) => uv) ? 'required' : 'discouraged',
      }
      challenges.set(id, options.challenge)
      return ok({ id, options })
    },
    async finishPush(pre, account, id, credential) {
      const device = known(credential)
      const signed = challengeOf(credential) ?? challenges.get(id)
      if (!took(pre, `push ${id}`) || device?.account !== account || signed !== challenges.get(id))
        return err(NO)
      return ok({
        device: device.id,
        uv: true,
        evidence: { credential: device.credential },
        sshsig: 'armored',
      })
    },
    async beginAddPasskey(pre, account) {
      return ok(creation(pre, 'add', identity.account(account)!.name))
    },
    async finishAddPasskey(pre, account, credential, name) {
      return took(pre, 'add') ? added(identity.account(account), name, credential, 'device:d1') : err(NO)
    },
    beginSshKey(_pre, _account, publicKey) {
      return publicKey.startsWith('sk-')
        ? ok({
            text: `countersign ssh key proof v1\norigin http://${rpId}\nnonce ${randomSecret()}\n`,
            namespace: 'ssh-key@countersign',
            fingerprint: 'SHA256:Wbnp0000000000000000000000000000000000000000',
          })
        : err(
            refusal(
              'bad-request',
              'That is no key of a security key.',
              'Paste the line that begins with “sk-”.',
            ),
          )
    },
    finishSshKey(_pre, account, signature) {
      if (!signature.startsWith('-----BEGIN SSH SIGNATURE-----'))
        return err(refusal('proof-invalid', 'That is no signature of that key.', 'Run the command again.'))
      const fingerprint = 'SHA256:Wbnp0000000000000000000000000000000000000000'
      return ok({
        fingerprint,
        async admit(by, name) {
          identity.log.push(`addDevice ${name} by device:${by}`)
          return ok(
            identity.seedDevice({
              account,
              kind: 'ssh-sk',
              name,
              credential: fingerprint,
              enrolledBy: `device:${by}`,
            }).id,
          )
        },
      })
    },
  }
}

/** The challenge a real browser signed; tests without one leave it out. */
function challengeOf({ response }: CredentialJson): string | undefined {
  const text = (response as { clientDataJSON?: string } | undefined)?.clientDataJSON
  return text === undefined
    ? undefined
    : (JSON.parse(Buffer.from(text, 'base64url').toString()) as { challenge: string }).challenge
}
