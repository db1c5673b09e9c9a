import type { ServerResponse } from 'node:http'
import type { Identity, Principal, Revocation } from '../../identity/identity.ts'

/** Streams that run, and end at once with what opened them. */
export interface Streams {
  /** From now on `res` is cut when the account, the device or the credential of `principal` ends. */
  track(principal: Principal, res: ServerResponse): void
}

/** A clone or push may run for long; off-boarding does not wait for it. */
export function createStreams(identity: Pick<Identity, 'onRevoke'>): Streams {
  const running = new Map<ServerResponse, Principal>()
  identity.onRevoke((revocation) => {
    for (const [res, principal] of running) if (hangsOn(principal, revocation)) res.destroy()
  })
  return {
    track(principal, res) {
      if (res.destroyed || running.has(res)) return
      running.set(res, principal)
      res.once('close', () => running.delete(res))
    },
  }
}

function hangsOn({ account, device, credential }: Principal, revocation: Revocation): boolean {
  switch (revocation.kind) {
    case 'account':
      return revocation.account === account.id
    case 'device':
      return revocation.device === device.id
    case 'session':
      return revocation.session === credential
    case 'git-password':
    case 'token':
      return revocation.id === credential
  }
}
