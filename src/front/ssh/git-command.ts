import { writePktLine } from '../../core/git/pkt-line.ts'
import type { SshCommand } from '../../core/git/ssh-command.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import type { SshAttempt } from '../../flow/attempt.ts'
import type { FlowContext } from '../../flow/context.ts'
import type { SshLogin } from '../../flow/ssh-login.ts'
import type { ForgeGit } from '../git/forge-git.ts'
import type { GitRoute } from '../git/route.ts'
import { wordsOf } from '../git/words.ts'
import type { Channel } from './channel.ts'
import type { SshPeer } from './server.ts'

export interface SshDoorDeps {
  readonly ctx: FlowContext
  readonly git: ForgeGit
  /** `ssh://git@host:port`, as clone URLs begin. */
  readonly origin: string
}

/** A command of git on its channel, with what is known of who runs it. */
export interface GitCommand {
  readonly channel: Channel
  readonly route: GitRoute
  readonly attempt: Omit<SshAttempt, 'carry' | 'push'>
  readonly deps: SshDoorDeps
}

/** A command as an attempt; undefined when the forge has no such address. */
export function gitCommand(
  channel: Channel,
  { service, repository }: SshCommand,
  login: SshLogin,
  peer: SshPeer,
  deps: SshDoorDeps,
): GitCommand | undefined {
  // One reading of addresses for every door: the forge adapter's.
  const path = `/${repository}.git`
  const route = deps.ctx.forge.route('GET', `${path}/info/refs`, `service=${service}`)
  if (route.kind !== 'git') return undefined
  const client = { address: peer.address, userAgent: peer.session.clientVersion.slice(0, 200) }
  return {
    channel,
    route,
    attempt: { door: 'git-ssh', method: service, path, route, client, login },
    deps,
  }
}

/** git prints an `ERR` line whole (gitprotocol-pack), in the place of an advertisement or of an answer. */
export async function refuse(channel: Channel, refused: Refusal): Promise<void> {
  channel.write(writePktLine(Buffer.from(`ERR ${wordsOf(refused)}\n`)))
  await channel.exit(1)
}

/** What a status of the forge, in the place of an advertisement, means to the person. */
export function forgeRefused(status: number): Refusal {
  return status === 404
    ? refusal('not-found', 'There is no such repository.')
    : refusal('upstream', 'The forge refused this.', 'Ask an administrator to look at the log.')
}

/** Write, and wait until there is room for more; false when the client is gone. */
export async function write(channel: Channel, bytes: Uint8Array): Promise<boolean> {
  if (channel.gone.aborted || channel.destroyed) return false
  if (channel.write(bytes)) return true
  await new Promise<void>((resolve) => {
    const done = (): void => {
      channel.off('drain', done)
      channel.gone.removeEventListener('abort', done)
      resolve()
    }
    channel.once('drain', done)
    channel.gone.addEventListener('abort', done, { once: true })
  })
  return !channel.gone.aborted
}
