import { parseSshCommand } from '../../core/git/ssh-command.ts'
import type { Account, AccountId, Device, DeviceId } from '../../core/identity.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { recordSshLogin, recordSshRefusal, type SshSignIn } from '../../flow/record-ssh-login.ts'
import type { SshLogin } from '../../flow/ssh-login.ts'
import { wordsOf } from '../git/words.ts'
import type { HeldLogin } from './authentication.ts'
import type { Channel } from './channel.ts'
import type { Wanted } from './connection.ts'
import { gitCommand, refuse, type SshDoorDeps } from './git-command.ts'
import { receivePack } from './receive-pack.ts'
import type { SshHost, SshPeer } from './server.ts'
import { uploadPack } from './upload-pack.ts'

interface Guest {
  readonly login: SshLogin
  readonly peer: SshPeer
}

const NOT_FOUND = refusal('not-found', 'There is no such repository.')

/** git over SSH: the key alone says who it is, and a command of git is all that can be asked for. */
export function createSshDoor(deps: SshDoorDeps): SshHost<Guest> {
  const { ctx, origin } = deps
  const { identity } = ctx
  const here = new Map<SshPeer, { account: AccountId; device: DeviceId }>()
  // Off-boarding does not wait for a clone to end.
  identity.onRevoke((revocation) => {
    for (const [peer, who] of here)
      if (
        (revocation.kind === 'account' && revocation.account === who.account) ||
        (revocation.kind === 'device' && revocation.device === who.device)
      )
        peer.cut()
  })

  const holder = (fingerprint: string): { account: Account; device: Device } | undefined => {
    const device = identity.deviceByCredential('ssh-sk', fingerprint)
    const account = device && identity.account(device.account)
    return account && { account, device }
  }

  return {
    knows: ({ fingerprint }) => holder(fingerprint) !== undefined,

    admit(login, peer) {
      const found = holder(login.key.fingerprint)
      if (!found) return { ok: false, say: 'This key is nobody’s.' }
      const refused = mayEnter(found, login)
      if (refused) {
        recordSshRefusal(found, refused, ctx).catch((error: unknown) =>
          ctx.log.error({ err: error }, 'a refusal could not be recorded'),
        )
        return { ok: false, say: wordsOf(refused) }
      }
      const { account, device } = found
      here.set(peer, { account: account.id, device: device.id })
      peer.gone.addEventListener('abort', () => here.delete(peer), { once: true })
      const client = { address: peer.address, version: peer.session.clientVersion.slice(0, 200) }
      return { ok: true, who: { peer, login: signedIn({ account, device, login, client }, peer) } }
    },

    run(channel, wanted, { login, peer }) {
      serve(channel, wanted, login, peer).catch((error: unknown) => {
        ctx.log.error({ err: error }, 'a command over ssh failed')
        channel.destroy()
        peer.cut()
      })
    },

    log: (facts, message) => ctx.log.info(facts, message),
  }

  function signedIn(signIn: SshSignIn, peer: SshPeer): SshLogin {
    const { account, device, login } = signIn
    const recorded = recordSshLogin(signIn, ctx)
    // Nothing rests on a sign-in that is not on record.
    recorded.catch((error: unknown) => {
      ctx.log.error({ err: error }, 'a sign-in could not be recorded')
      peer.cut()
    })
    identity.deviceUsed(device.id, login.counter, ctx.now()).catch((error: unknown) => {
      ctx.log.error({ err: error }, 'the use of a device could not be recorded')
    })
    return {
      id: Buffer.from(login.sessionId).toString('hex'),
      account: account.id,
      device: device.id,
      at: ctx.now(),
      uv: login.uv,
      recorded,
    }
  }

  async function serve(channel: Channel, wanted: Wanted, login: SshLogin, peer: SshPeer): Promise<void> {
    if (wanted.kind === 'shell') {
      const [account, device] = [identity.account(login.account), identity.device(login.device)]
      channel.write(
        `Hello ${account?.name}, by the key "${device?.name}". There is no shell here, only git: ${origin}/OWNER/REPO.git\n`,
      )
      return channel.exit(0)
    }
    const command = wanted.kind === 'exec' ? parseSshCommand(wanted.command) : undefined
    if (!command || (!command.ok && command.error === 'not-git')) {
      channel.say('There is nothing here but git: clone, fetch and push.\n')
      return channel.exit(1)
    }
    if (!command.ok) return refuse(channel, NOT_FOUND)
    if (command.value.service === 'git-upload-archive') {
      channel.say('Archives are not made over ssh: download one from the page of the repository.\n')
      return channel.exit(1)
    }
    const git = gitCommand(channel, command.value, login, peer, deps)
    if (!git) return refuse(channel, NOT_FOUND)
    return git.route.service === 'git-upload-pack' ? uploadPack(git) : receivePack(git)
  }
}

/** Account, device and touch, before anything is let in. */
function mayEnter(
  { account, device }: { account: Account; device: Device },
  { up }: HeldLogin,
): Refusal | undefined {
  if (account.state !== 'active')
    return refusal('account-inactive', 'This account is disabled.', 'Ask an administrator.')
  if (device.state !== 'active')
    return refusal('device-inactive', 'This key is no longer active.', 'Use another of your keys.')
  // OpenSSH PROTOCOL.u2f: presence is a flag inside the signature, which nobody else looks at.
  if (!up)
    return refusal(
      'proof-invalid',
      'The key signed without being touched.',
      'Enrol a key that asks for a touch.',
    )
  return undefined
}
