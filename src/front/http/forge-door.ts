import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Pool } from 'undici'
import type { CanonicalUrl } from '../../core/canonical-url.ts'
import { sha256Hex } from '../../core/crypto.ts'
import type { SessionId } from '../../core/identity.ts'
import { refusal } from '../../core/refusal.ts'
import { ok } from '../../core/result.ts'
import type { WebAttempt } from '../../flow/attempt.ts'
import { authorize, mayAsk } from '../../flow/authorize.ts'
import { carryChange, notDone } from '../../flow/carry-change.ts'
import { isSafe } from '../../flow/check-origin.ts'
import type { FlowContext } from '../../flow/context.ts'
import type { Outcome } from '../../flow/outcome.ts'
import { known, type Passage } from '../../flow/passage.ts'
import type { HandOver } from '../../portal/hand-over.ts'
import type { Route } from '../../upstream/forge.ts'
import type { ApiDoor } from './api-door.ts'
import type { Door } from './by-host.ts'
import { letBodyCome } from './continue.ts'
import { cookieNames, cookieValue, setCookie } from './cookies.ts'
import { entrance, PRE_SESSION_SECONDS } from './entrance.ts'
import type { GitDoor } from './git-door.ts'
import { answerGoGet } from './go-import.ts'
import { endToEnd, type HeaderList } from './headers.ts'
import { readForm } from './read-form.ts'
import { isNavigation, type RenderRefusal, refuseHttp } from './refusal-to-http.ts'
import { pageHead } from './response-policy.ts'
import { forward, hasBody } from './reverse-proxy.ts'
import { cookieReader } from './sent-cookies.ts'
import { dropFile, takeFile } from './stage-files.ts'

export interface ForgeDoorDeps {
  readonly ctx: FlowContext
  readonly pool: Pool
  readonly git: GitDoor
  readonly api: ApiDoor
  readonly handOver: HandOver
  readonly render: RenderRefusal
  readonly secure: boolean
  readonly ready: () => Promise<boolean>
}

/**
 * The forge origin: pages of the forge for a signed-in person, git, and nothing of ours but `/-/` and `/.well-known/`.
 * Its pages carry other people's content, so no ceremony ever happens here.
 */
export function createForgeDoor(deps: ForgeDoorDeps): Door {
  const { ctx, pool, git, api, handOver, render, secure } = deps
  const names = cookieNames(secure)
  /** The forge's own session, one per gateway session; never seen by a client. */
  const upstreamSessions = new Map<SessionId, string>()
  ctx.identity.onRevoke((revocation) => {
    if (revocation.kind === 'session') upstreamSessions.delete(revocation.session)
  })
  const enter = entrance({ ...deps, names })
  const drop = new Set([...ctx.forge.strippedHeaders, 'host', 'cookie', 'expect', 'authorization'])
  const ourCookies = new Set([...ctx.forge.strippedCookies, names.forgeSession, names.forgePre])
  const cookiesOf = cookieReader(names.forgeSession, ourCookies)

  /** Fields for the forge: the client's end-to-end ones, then who is asking, in our words only. */
  function outboundHeaders(req: IncomingMessage, passage: Passage): HeaderList {
    const headers = endToEnd(req.rawHeaders, drop)
    if (passage.visitor) return headers
    const session = known(passage.session, 'session')
    const cookies = cookiesOf(req).rest
    const upstream = upstreamSessions.get(session.id)
    const own = upstream === undefined ? undefined : `${ctx.forge.sessionCookie}=${upstream}`
    const cookie = cookies === undefined ? own : own === undefined ? cookies : `${cookies}; ${own}`
    if (cookie !== undefined) headers.push('cookie', cookie)
    for (const [name, value] of ctx.forge.identityHeaders(known(passage.principal, 'principal').account.name))
      headers.push(name, value)
    return headers
  }

  /** Keep the forge's session to ourselves; whether a cookie of its answer goes on to the client. */
  function cookieGoesOn(session: SessionId, setting: string): boolean {
    const name = setting.slice(0, setting.indexOf('='))
    if (name === ctx.forge.sessionCookie)
      upstreamSessions.set(session, setting.slice(name.length + 1).split(';', 1)[0]!)
    return !ourCookies.has(name)
  }

  /** What a page's request leads to: two are answered here, every other one by the forge. */
  function carried(
    req: IncomingMessage,
    res: ServerResponse,
    url: CanonicalUrl,
    route: Route,
  ): WebAttempt['carry'] {
    const verb = route.kind === 'page' ? route.verb : undefined
    if (verb === 'file.upload.stage' || verb === 'release.attachment.upload')
      return (passage) => takeFile(req, res, passage, ctx, render)
    if (verb === 'file.upload.unstage') return (passage) => dropFile(req, res, passage, ctx, render)
    return (passage) => carry(req, res, url, passage)
  }

  async function carry(
    req: IncomingMessage,
    res: ServerResponse,
    url: CanonicalUrl,
    passage: Passage,
  ): Promise<Outcome> {
    if (passage.attempt.route.kind === 'page' && passage.attempt.route.goGet) {
      answerGoGet(res, ctx.forgeOrigin, url.path, known(passage.repo, 'repo'))
      return { kind: 'answered', status: 200, refs: null }
    }
    letBodyCome(req, res)
    const session = passage.visitor ? undefined : known(passage.session, 'session')
    const ending = await forward(
      pool,
      {
        method: req.method!,
        path: url.query === '' ? url.path : `${url.path}?${url.query}`,
        headers: outboundHeaders(req, passage),
        body: hasBody(req) ? req : null,
      },
      res,
      {
        head: (status, raw) =>
          pageHead(
            status,
            raw,
            ctx.forgeOrigin,
            (setting) => session !== undefined && cookieGoesOn(session.id, setting),
            passage.attempt.route.kind === 'page' && passage.attempt.route.raw === true,
          ),
      },
    )
    if (ending.kind === 'complete') return { kind: 'answered', status: ending.status, refs: null }
    if (ending.kind === 'upstream-failed') {
      ctx.log.warn({ err: ending.error, path: url.path }, 'the forge failed')
      if (ending.status === undefined)
        refuseHttp(
          req,
          res,
          refusal('upstream', 'The forge did not answer.', 'Try again in a moment.'),
          render,
        )
    }
    return { kind: 'broken', why: ending.kind, answered: ending.status !== undefined }
  }

  /** The same for everybody: no identity, no cookie, no session made. */
  async function asset(req: IncomingMessage, res: ServerResponse, url: CanonicalUrl): Promise<void> {
    const ending = await forward(
      pool,
      {
        method: req.method!,
        path: url.query === '' ? url.path : `${url.path}?${url.query}`,
        headers: endToEnd(req.rawHeaders, drop),
        body: null,
      },
      res,
      { head: (status, raw) => pageHead(status, raw, ctx.forgeOrigin, () => false, false) },
    )
    if (ending.kind === 'upstream-failed' && ending.status === undefined) {
      refuseHttp(req, res, refusal('upstream', 'The forge did not answer.', 'Try again in a moment.'), render)
    }
  }

  function attemptOf(
    req: IncomingMessage,
    url: CanonicalUrl,
    route: Route,
    form: WebAttempt['form'],
    carried: WebAttempt['carry'],
  ): WebAttempt {
    return {
      door: 'web',
      method: req.method!,
      path: url.path,
      route,
      session: cookiesOf(req).session,
      origin: req.headers.origin,
      fetchSite: req.headers['sec-fetch-site'] as string | undefined,
      contentType: req.headers['content-type'],
      form,
      page: pageBefore(req.headers.referer, ctx.forgeOrigin),
      client: {
        address: req.socket.remoteAddress ?? '',
        userAgent: (req.headers['user-agent'] ?? '').slice(0, 200),
      },
      carry: carried,
    }
  }

  /** A change: its form is read whole, and what is carried out is written anew from its fields, here or after a touch. */
  async function change(
    req: IncomingMessage,
    res: ServerResponse,
    url: CanonicalUrl,
    route: Extract<Route, { kind: 'change' }>,
  ): Promise<void> {
    // Who asks, and from where, is settled before a byte of the form is read.
    const nothing = attemptOf(req, url, route, [], () => Promise.reject(new Error('never carried')))
    const stranger = mayAsk(nothing, ctx)
    if (stranger) {
      refuseHttp(req, res, stranger, render)
      return
    }
    letBodyCome(req, res)
    const form = req.method === 'GET' ? ok([]) : await readForm(req)
    if (!form.ok) {
      refuseHttp(req, res, form.error, render)
      return
    }
    await page(
      req,
      res,
      url,
      attemptOf(req, url, route, form.value, async (passage) => {
        const { outcome, next } = await carryChange(passage, route, ctx)
        const refused = notDone(outcome)
        if (refused) refuseHttp(req, res, refused, render)
        else res.writeHead(303, { location: next ?? '/', 'cache-control': 'no-store' }).end()
        return outcome
      }),
    )
  }

  async function page(
    req: IncomingMessage,
    res: ServerResponse,
    url: CanonicalUrl,
    attempt: WebAttempt,
  ): Promise<void> {
    const verdict = await authorize(attempt, ctx)
    if (verdict.kind === 'passed') return
    if (verdict.refusal.reason === 'not-signed-in' && isSafe(req.method!) && isNavigation(req)) {
      signIn(req, res, url.query === '' ? url.path : `${url.path}?${url.query}`)
      return
    }
    refuseHttp(req, res, verdict.refusal, render)
  }

  /** Through the portal and back to `next`, a path of the forge. */
  function signIn(req: IncomingMessage, res: ServerResponse, next: string): void {
    const pre = cookieValue(req.headers.cookie, names.forgePre) ?? enter.freshPreSession()
    const handle = handOver.begin(sha256Hex(pre), next)
    res.writeHead(303, {
      location: `${ctx.portalOrigin}/open?h=${handle}`,
      'set-cookie': setCookie(names.forgePre, pre, PRE_SESSION_SECONDS, secure),
      'cache-control': 'no-store',
    })
    res.end()
  }

  return {
    refuse: (req, res, refused) => {
      ctx.log.info(
        { reason: refused.reason, client: req.socket.remoteAddress },
        'refused at the forge origin',
      )
      refuseHttp(req, res, refused, render)
    },
    handle(req, res, url) {
      const method = req.method!
      if (url.path.startsWith('/-/') || url.path.startsWith('/.well-known/')) {
        enter.handle(req, res, url)
        return
      }
      // A service worker would outlive the page that planted it and see every later request of this origin.
      if (req.headers['service-worker'] !== undefined) {
        refuseHttp(req, res, refusal('denied', 'Service workers are not served on this origin.'), render)
        return
      }
      // A browser's session is never looked at there, so no page can ask with it.
      if (url.path === '/api' || url.path.startsWith('/api/')) {
        api.handle(req, res, url)
        return
      }
      const route = ctx.forge.route(method, url.path, url.query)
      switch (route.kind) {
        case 'git':
        case 'lfs':
          git.handle(req, res, url, route)
          return
        case 'asset':
          void asset(req, res, url)
          return
        case 'ours':
          if (route.next !== undefined && isNavigation(req)) {
            signIn(req, res, route.next)
            return
          }
          res
            .writeHead(303, {
              location: `${ctx.portalOrigin}${route.page === 'sign-in' ? '/sign-in' : '/sessions'}`,
              'cache-control': 'no-store',
            })
            .end()
          return
        case 'change':
          change(req, res, url, route).catch((error: unknown) => {
            ctx.log.error({ err: error, path: url.path }, 'a change failed')
            res.destroy()
          })
          return
        case 'api': // by its address it is the other door's
          refuseHttp(req, res, refusal('unknown-action', 'This address is not a page.'), render)
          return
        case 'page':
        case 'refused':
          void page(req, res, url, attemptOf(req, url, route, null, carried(req, res, url, route)))
      }
    },
  }
}

/** The path of the page that a form was sent from, as the client says; the forge's front page when it says none of ours. */
function pageBefore(referer: string | undefined, origin: string): string {
  if (referer === undefined || referer.length > 2048 || !referer.startsWith(`${origin}/`)) return '/'
  const path = referer.slice(origin.length)
  return /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(path) ? path : '/'
}
