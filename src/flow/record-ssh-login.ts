import type { Account, Device } from '../core/identity.ts'
import type { Json } from '../core/ledger/canonical-json.ts'
import type { Refusal } from '../core/refusal.ts'
import type { CheckedLogin, Login } from '../core/ssh/auth-request.ts'
import type { Recorded } from '../ledger/ledger.ts'
import type { FlowContext } from './context.ts'

/** A sign-in as it came: what was signed, by whom, from where. */
export interface SshSignIn {
  readonly account: Account
  readonly device: Device
  readonly login: Login & CheckedLogin
  readonly client: { readonly address: string; readonly version: string }
}

/** The evidence of a connection: once, for everything that is done on it. Its shape is docs/formats/ledger-entry.md. */
export async function recordSshLogin(
  { account, device, login, client }: SshSignIn,
  ctx: Pick<FlowContext, 'ledger'>,
): Promise<Recorded> {
  const recorded = await ctx.ledger.append({
    type: 'ssh.login',
    account: account.id,
    payload: {
      ...who(account, device),
      session: Buffer.from(login.sessionId).toString('hex'),
      user: login.user.slice(0, 100),
      signed: base64(login.signed),
      signature: base64(login.signature),
      hostKey: base64(login.hostKey),
      hostSignature: base64(login.hostSignature),
      proof: { up: login.up, uv: login.uv, counter: login.counter },
      client,
    },
  })
  if (!recorded.ok) throw new Error('the entry of a sign-in was refused')
  return recorded.value
}

/** Somebody whose key signed, and who was not let in. */
export async function recordSshRefusal(
  { account, device }: Pick<SshSignIn, 'account' | 'device'>,
  refused: Refusal,
  ctx: FlowContext,
): Promise<void> {
  const now = ctx.now()
  if (!ctx.refusalLimiter.mayTry(account.id, now)) return
  ctx.refusalLimiter.failed(account.id, now)
  await ctx.ledger.append({
    type: 'decision',
    account: account.id,
    payload: {
      decision: 'deny',
      reason: refused.reason,
      say: refused.say,
      actor: { account: account.id, name: account.name, forgeId: account.forgeId },
      device: device.id,
      action: null,
      repo: null,
      request: { method: 'SSH', path: '/' },
      policy: { digest: ctx.policy.digest, named: [] },
      door: 'git-ssh',
    },
  })
}

function who(account: Account, device: Device): { readonly [key: string]: Json } {
  return {
    account: { id: account.id, name: account.name, forgeId: account.forgeId },
    device: {
      id: device.id,
      kind: device.kind,
      name: device.name,
      credential: device.credential,
      publicKey: base64(device.publicKey),
    },
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
