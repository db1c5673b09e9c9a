import type { IncomingMessage, ServerResponse } from 'node:http'
import { type CanonicalUrl, canonicalUrl } from '../../core/canonical-url.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import type { Handler } from './listeners.ts'

/** One door of the HTTP front, behind the checks that are the same for all. */
export interface Door {
  handle(req: IncomingMessage, res: ServerResponse, url: CanonicalUrl): void
  refuse(req: IncomingMessage, res: ServerResponse, refused: Refusal): void
}

const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/

/**
 * Send each request to the door its `Host` names, and only there: never two ports of one host, never an unknown name
 * (RFC 9110 section 7.4). `doors` maps the authority part of an origin to its door; `home` is where a loopback alias of this
 * very socket is redirected to, if anywhere.
 */
export function byHost(doors: ReadonlyMap<string, Door>, home: string | null): Handler {
  const fallback = doors.values().next().value!
  return (req, res) => {
    // `host` is the attacker's.
    const host = (req.headers.host ?? '').toLowerCase()
    const door = doors.get(host)
    if (!door) {
      if (home !== null && req.method === 'GET' && LOOPBACK.test(host)) {
        const url = canonicalUrl(req.url ?? '')
        if (url.ok) {
          res
            .writeHead(307, {
              location: `${home}${url.value.path}${url.value.query ? `?${url.value.query}` : ''}`,
            })
            .end()
          return
        }
      }
      fallback.refuse(
        req,
        res,
        refusal(
          'bad-host',
          'This server does not answer under that host name.',
          'Use the address your administrator gave you.',
        ),
      )
      return
    }
    if (req.headers.upgrade !== undefined) {
      door.refuse(req, res, refusal('bad-request', 'Protocol upgrades are not offered here.'))
      return
    }
    const url = canonicalUrl(req.url ?? '')
    if (url.ok) door.handle(req, res, url.value)
    else door.refuse(req, res, url.error)
  }
}

/** The authorities under which an origin is addressed: with and without its default port. */
export function authorities(origin: string): readonly string[] {
  const { host, port, protocol } = new URL(origin)
  return port === '' ? [host, `${host}:${protocol === 'https:' ? 443 : 80}`] : [host]
}
