import type { HostKey } from './core/ssh/host-key.ts'
import { authorities } from './front/http/by-host.ts'
import { type Listener, listen } from './front/http/listeners.ts'
import { listenSsh, type SshServer } from './front/ssh/server.ts'
import type { Addressing } from './settings.ts'

/** The two origins, and the sockets they are served on. */
export interface Origins {
  readonly forge: string
  readonly portal: string
  /** RP ID: the portal's exact host, so that no page of the forge can even ask for an assertion. */
  readonly rpId: string
  readonly secure: boolean
  readonly sockets: readonly Socket[]
  /** The door of git over SSH; null where it is not configured. */
  readonly ssh: SshPlace | null
}

export interface SshPlace {
  readonly server: SshServer
  /** As clone URLs show it. */
  readonly host: string
  readonly port: number
  /** What clone URLs begin with: `ssh://git@host:port`. */
  readonly origin: string
}

export interface Socket {
  readonly listener: Listener
  readonly serves: readonly { readonly door: 'forge' | 'portal'; readonly authorities: readonly string[] }[]
  /** Origin that loopback aliases of this socket are redirected to. */
  readonly home: string | null
}

/** Bind the sockets first: with `--port 0` the origins are known only then. */
export async function openOrigins(addressing: Addressing, hostKeys: readonly HostKey[]): Promise<Origins> {
  if (addressing.kind === 'named') {
    const { forge, portal, host, port, tls, ssh } = addressing
    const listener = await listen([host], port, tls)
    return {
      forge,
      portal,
      rpId: new URL(portal).hostname,
      secure: new URL(portal).protocol === 'https:',
      sockets: [
        {
          listener,
          serves: [
            { door: 'forge', authorities: authorities(forge) },
            { door: 'portal', authorities: authorities(portal) },
          ],
          home: null,
        },
      ],
      ssh: ssh && sshPlace(await listenSsh([ssh.host], ssh.port, hostKeys), ssh.name, ssh.publicPort),
    }
  }
  const a = await listen(['127.0.0.1'], addressing.port, null)
  const b = await listen(['127.0.0.1', '::1'], addressing.port === 0 ? 0 : addressing.port + 1, null)
  const forge = `http://127.0.0.1:${a.port}`
  const portal = `http://localhost:${b.port}`
  return {
    forge,
    portal,
    rpId: 'localhost',
    secure: false,
    sockets: [
      { listener: a, serves: [{ door: 'forge', authorities: authorities(forge) }], home: forge },
      { listener: b, serves: [{ door: 'portal', authorities: authorities(portal) }], home: portal },
    ],
    ssh: sshPlace(await listenNearby(addressing.port, hostKeys), '127.0.0.1', null),
  }
}

/** The third of three neighbouring ports; any other one where somebody else has it. */
async function listenNearby(port: number, hostKeys: readonly HostKey[]): Promise<SshServer> {
  try {
    return await listenSsh(['127.0.0.1'], port === 0 ? 0 : port + 2, hostKeys)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return listenSsh(['127.0.0.1'], 0, hostKeys)
  }
}

function sshPlace(server: SshServer, host: string, publicPort: number | null): SshPlace {
  const port = publicPort ?? server.port
  return { server, host, port, origin: `ssh://git@${host}${port === 22 ? '' : `:${port}`}` }
}
