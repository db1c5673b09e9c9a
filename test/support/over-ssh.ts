import { writeFileSync } from 'node:fs'
import { Cursor, sshString, u32 } from '../../src/core/bytes.ts'
import { parseAdvertisement } from '../../src/core/git/advertisement.ts'
import { readPacket } from '../../src/core/git/pkt-line.ts'
import { MSG } from '../../src/core/ssh/message.ts'
import type { RunningGateway } from './gateway.ts'
import type { Git } from './git.ts'
import type { Person } from './person.ts'
import type { SoftKey } from './sk-agent.ts'
import { RawSsh } from './ssh-client.ts'

/** Clone URL over SSH of a repository, from the one over HTTP. */
export function sshUrl(gateway: Pick<RunningGateway, 'url' | 'ssh'>, url: string): string {
  return url.replace(gateway.url, gateway.ssh)
}

export const sshPort = ({ ssh }: Pick<RunningGateway, 'ssh'>): number => Number(new URL(ssh).port)

/** Stock git of this home goes over stock ssh, with the host's key pinned from the portal and no configuration of its own. */
export async function useSsh(git: Git, person: Person, gateway: RunningGateway): Promise<void> {
  const pinned = await person.ask(`${gateway.portal}/.well-known/ssh-known-hosts`)
  const file = git.path('known_hosts')
  writeFileSync(file, pinned.text)
  git.env['GIT_SSH_COMMAND'] = `ssh -F none -o StrictHostKeyChecking=yes -o UserKnownHostsFile=${file}`
}

/** A connection on which `key` has signed in. */
export async function signedIn(gateway: RunningGateway, key: SoftKey, user?: string): Promise<RawSsh> {
  const ssh = await RawSsh.open({ port: sshPort(gateway) })
  await ssh.askForAuthentication()
  if ((await ssh.signIn(key, user)) !== MSG.authSuccess) throw new Error('it was not let in')
  return ssh
}

/** A push over SSH whose body is made of what the gateway advertises. */
export async function rawPush(
  ssh: RawSsh,
  path: string,
  body: (advertised: {
    nonce: string | undefined
    refs: ReadonlyMap<string, string>
  }) => Buffer | Promise<Buffer>,
): Promise<string> {
  const channel = await ssh.openChannel()
  const command = `git-receive-pack '${path}'`
  ssh.message(MSG.channelRequest, u32(channel), sshString('exec'), Buffer.from([0]), sshString(command))
  let seen = Buffer.alloc(0)
  let sent = false
  for (;;) {
    const payload = await ssh.next()
    if (!payload || payload[0] === MSG.channelClose) return seen.toString('latin1')
    if (payload[0] !== MSG.channelData) continue
    seen = Buffer.concat([seen, new Cursor(payload.subarray(5)).string()])
    const parsed = sent || !endsWithFlush(seen) ? undefined : parseAdvertisement(seen)
    if (!parsed?.ok) continue
    const { refs, capabilities } = parsed.value
    const nonce = capabilities.find((word) => word.startsWith('push-cert='))?.slice('push-cert='.length)
    sent = true
    seen = Buffer.alloc(0)
    const bytes = await body({ nonce, refs })
    for (let at = 0; at < bytes.length; at += 32768)
      ssh.message(MSG.channelData, u32(channel), sshString(bytes.subarray(at, at + 32768)))
    ssh.message(MSG.channelEof, u32(channel))
  }
}

function endsWithFlush(bytes: Buffer): boolean {
  for (let at = 0; ; ) {
    const packet = readPacket(bytes, at)
    if (packet.kind === 'flush') return true
    if (packet.kind !== 'data') return false
    at += packet.size
  }
}
