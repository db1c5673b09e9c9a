import { getRequestListener } from '@hono/node-server'
import type { Refusal } from '../../core/refusal.ts'
import { refusal } from '../../core/refusal.ts'
import type { Log } from '../../flow/context.ts'
import type { Door } from './by-host.ts'
import { letBodyCome } from './continue.ts'
import { type RenderRefusal, refuseHttp } from './refusal-to-http.ts'

/** No form or ceremony of ours is larger. */
const MAX_BODY = 256 * 1024

/** What the portal is, seen from the front: a pure function of a request and the address it came from. */
export interface PortalApp {
  fetch(request: Request, peer: { readonly address: string }): Response | Promise<Response>
}

/** The portal origin. The front bounds the body and hands the rest to the portal. */
export function createPortalDoor(
  portal: PortalApp,
  deps: { readonly render: RenderRefusal; readonly log: Log; readonly origin: string },
): Door {
  const listener = getRequestListener(
    (request, { incoming }) => portal.fetch(request, { address: incoming.socket.remoteAddress ?? '' }),
    { overrideGlobalObjects: false, hostname: new URL(deps.origin).hostname },
  )
  const refuse = (
    req: Parameters<Door['refuse']>[0],
    res: Parameters<Door['refuse']>[1],
    refused: Refusal,
  ): void => {
    deps.log.info({ reason: refused.reason, client: req.socket.remoteAddress }, 'refused at the portal')
    refuseHttp(req, res, refused, deps.render)
  }
  return {
    refuse,
    handle(req, res) {
      const length = req.headers['content-length']
      if (
        req.headers['transfer-encoding'] !== undefined ||
        (length !== undefined && Number(length) > MAX_BODY)
      ) {
        refuse(
          req,
          res,
          refusal('too-large', 'Requests to the portal state their length, and are at most 256 KiB.'),
        )
        return
      }
      letBodyCome(req, res)
      listener(req, res).catch((error: unknown) => {
        deps.log.error({ err: error }, 'the portal failed')
        res.destroy()
      })
    },
  }
}
