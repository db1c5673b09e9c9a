import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CanonicalUrl } from '../../core/canonical-url.ts'
import { randomSecret, sha256Hex } from '../../core/crypto.ts'
import { refusal } from '../../core/refusal.ts'
import type { FlowContext } from '../../flow/context.ts'
import type { HandOver } from '../../portal/hand-over.ts'
import { type CookieNames, cookieValue, setCookie } from './cookies.ts'
import { type RenderRefusal, refuseHttp } from './refusal-to-http.ts'

/** A browser may take this long from the forge page it asked for to the end of its sign-in. */
export const PRE_SESSION_SECONDS = 15 * 60

export interface Entrance {
  freshPreSession(): string
  handle(req: IncomingMessage, res: ServerResponse, url: CanonicalUrl): void
}

/** What is ours on the forge origin: opening a session with the portal's one-time code, and the two probes. */
export function entrance(deps: {
  readonly ctx: FlowContext
  readonly handOver: HandOver
  readonly render: RenderRefusal
  readonly names: CookieNames
  readonly secure: boolean
  readonly ready: () => Promise<boolean>
}): Entrance {
  const { ctx, handOver, render, names, secure, ready } = deps

  async function enter(req: IncomingMessage, res: ServerResponse, url: CanonicalUrl): Promise<void> {
    const limit = `code ${req.socket.remoteAddress ?? ''}`
    if (!ctx.credentialLimiter.mayTry(limit, ctx.now())) {
      refuseHttp(
        req,
        res,
        refusal(
          'rate-limited',
          'Too many wrong sign-in links from this address.',
          'Wait a minute, then try again.',
        ),
        render,
      )
      return
    }
    const code = new URLSearchParams(url.query).get('code') ?? ''
    const pre = cookieValue(req.headers.cookie, names.forgePre)
    // The code is good for the browser that began here, and for no other: a link with somebody's code signs nobody in.
    // A code that turns up anywhere else is spent by that, too.
    const redeemed = handOver.redeem(code, pre === undefined ? '' : sha256Hex(pre))
    if (!redeemed) {
      ctx.credentialLimiter.failed(limit, ctx.now())
      refuseHttp(
        req,
        res,
        refusal(
          'bad-credential',
          'This sign-in link is used, too old, or from another browser.',
          'Open the page you wanted once more.',
        ),
        render,
      )
      return
    }
    const opened = await ctx.identity.openSession({
      door: 'forge',
      parent: redeemed.session.id,
      account: redeemed.session.account,
      device: redeemed.session.device,
      uv: redeemed.session.uv,
      userAgent: (req.headers['user-agent'] ?? '').slice(0, 200),
      now: ctx.now(),
    })
    if (!opened.ok) {
      refuseHttp(req, res, opened.error, render)
      return
    }
    const seconds = Math.max(1, Math.floor((opened.value.session.expiresAt - ctx.now()) / 1000))
    res.writeHead(303, {
      location: redeemed.next,
      'set-cookie': [
        setCookie(names.forgeSession, opened.value.secret, seconds, secure),
        setCookie(names.forgePre, '', 0, secure),
      ],
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    })
    res.end()
  }

  async function probe(res: ServerResponse): Promise<void> {
    const good = await ready()
    res
      .writeHead(good ? 200 : 503, { 'content-type': 'text/plain', 'cache-control': 'no-store' })
      .end(good ? 'ready\n' : 'not ready\n')
  }

  return {
    freshPreSession: randomSecret,
    handle(req, res, { path, query }) {
      const get = req.method === 'GET' || req.method === 'HEAD'
      if (get && path === '/-/enter') {
        enter(req, res, { path, query }).catch((error: unknown) => {
          ctx.log.error({ err: error }, 'a hand-over failed')
          refuseHttp(
            req,
            res,
            refusal('internal', 'Something went wrong inside the gateway.', 'Try again.'),
            render,
          )
        })
      } else if (get && path === '/-/health') {
        res.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end('ok\n')
      } else if (get && path === '/-/ready') {
        void probe(res)
      } else {
        refuseHttp(req, res, refusal('unknown-action', 'There is nothing at this address.'), render)
      }
    },
  }
}
