import { authorities } from './front/http/by-host.ts'
import { type Listener, listen } from './front/http/listeners.ts'
import type { Addressing } from './settings.ts'

/** The two origins, and the sockets they are served on. */
export interface Origins {
  readonly forge: string
  readonly portal: string
  /** RP ID: the portal's exact host, so that no page of the forge can even ask for an assertion. */
  readonly rpId: string
  readonly secure: boolean
  readonly sockets: readonly Socket[]
}

export interface Socket {
  readonly listener: Listener
  readonly serves: readonly { readonly door: 'forge' | 'portal'; readonly authorities: readonly string[] }[]
  /** Origin that loopback aliases of this socket are redirected to. */
  readonly home: string | null
}

/** Bind the sockets first: with `--port 0` the origins are known only then. */
export async function openOrigins(addressing: Addressing): Promise<Origins> {
  if (addressing.kind === 'named') {
    const { forge, portal, host, port, tls } = addressing
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
  }
}
