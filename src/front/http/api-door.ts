import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { Pool } from 'undici'
import type { CanonicalUrl } from '../../core/canonical-url.ts'
import { refusal } from '../../core/refusal.ts'
import type { ApiAttempt } from '../../flow/attempt.ts'
import { authorize, whoAsks } from '../../flow/authorize.ts'
import { carryChange, notDone } from '../../flow/carry-change.ts'
import type { FlowContext } from '../../flow/context.ts'
import type { Outcome } from '../../flow/outcome.ts'
import { known, type Passage } from '../../flow/passage.ts'
import type { ApiRoute, Route } from '../../upstream/forge.ts'
import { letBodyCome } from './continue.ts'
import type { Streams } from './cut-streams.ts'
import { type HeaderList, headerValue } from './headers.ts'
import { readJson } from './read-json.ts'
import { refuseApi } from './refusal-to-api.ts'
import { type Head, staysHere } from './response-policy.ts'
import { forward, hasBody } from './reverse-proxy.ts'

export interface ApiDoor {
  handle(req: IncomingMessage, res: ServerResponse, url: CanonicalUrl): void
}

export interface ApiDoorDeps {
  readonly ctx: FlowContext
  readonly pool: Pool
  readonly streams: Streams
}

const IN_QUERY = refusal(
  'bad-request',
  'A token in an address ends up in logs and histories, so none is taken there.',
  'Send it in the Authorization field, and end that one.',
)
const NO_BODY = refusal('bad-request', 'This address takes no body.')
const NO_ANSWER = refusal('upstream', 'The forge did not answer.', 'Try again in a moment.')

/**
 * The forge's programming interface, with tokens of ours. Nothing of the client's message reaches the forge but the address, the
 * query and body written anew, and what it accepts: no cookie, no name, no credential.
 */
export function createApiDoor({ ctx, pool, streams }: ApiDoorDeps): ApiDoor {
  function attemptOf(
    req: IncomingMessage,
    url: CanonicalUrl,
    route: Route,
    json: ApiAttempt['json'],
    carry: ApiAttempt['carry'],
  ): ApiAttempt {
    return {
      door: 'api',
      method: req.method!,
      path: url.path,
      route,
      authorization: req.headersDistinct['authorization'] ?? [],
      json,
      client: {
        address: req.socket.remoteAddress ?? '',
        userAgent: (req.headers['user-agent'] ?? '').slice(0, 200),
      },
      carry,
    }
  }

  async function pass(
    req: IncomingMessage,
    res: ServerResponse,
    url: CanonicalUrl,
    route: ApiRoute,
    passage: Passage,
  ): Promise<Outcome> {
    const principal = known(passage.principal, 'principal')
    streams.track(principal, res)
    const headers: HeaderList = ['authorization', await ctx.forge.apiAuthorization(principal.account.name)]
    for (const name of ['accept', 'user-agent']) {
      const value = req.headers[name]
      if (typeof value === 'string') headers.push(name, value)
    }
    const body = passage.body == null ? null : Buffer.from(passage.body)
    if (body) headers.push('content-type', 'application/json', 'content-length', `${body.length}`)
    const ending = await forward(
      pool,
      {
        method: req.method!,
        path: route.query === '' ? url.path : `${url.path}?${route.query}`,
        headers,
        body: body && Readable.from([body]),
      },
      res,
      {
        head(status, raw) {
          if (status === 401) ctx.forge.dropGitAuthorization(principal.account.name)
          return apiHead(status, raw, ctx.forgeOrigin)
        },
      },
    )
    if (ending.kind === 'complete') return { kind: 'answered', status: ending.status, refs: null }
    if (ending.kind === 'upstream-failed') {
      ctx.log.warn({ err: ending.error, path: url.path }, 'the forge failed')
      if (ending.status === undefined) refuseApi(req, res, NO_ANSWER)
    }
    return { kind: 'broken', why: ending.kind, answered: ending.status !== undefined }
  }

  /** A change that policy lets a token make without a touch: carried out as after one. */
  async function change(req: IncomingMessage, res: ServerResponse, passage: Passage): Promise<Outcome> {
    const { outcome } = await carryChange(passage, known(passage.asForm, 'form').route, ctx)
    const refused = notDone(outcome)
    if (refused) refuseApi(req, res, refused)
    else res.writeHead(204, { 'cache-control': 'no-store' }).end()
    return outcome
  }

  async function serve(req: IncomingMessage, res: ServerResponse, url: CanonicalUrl): Promise<void> {
    const route = ctx.forge.route(req.method!, url.path, url.query)
    // Who asks is settled before a byte of the body is read.
    const stranger = whoAsks(
      attemptOf(req, url, route, null, () => Promise.reject(new Error('never carried'))),
      ctx,
    )
    if (stranger) {
      ctx.log.info(
        { reason: stranger.reason, path: url.path, client: req.socket.remoteAddress },
        'refused a stranger at the interface',
      )
      return refuseApi(req, res, stranger)
    }
    let json: ApiAttempt['json'] = null
    if (hasBody(req) && route.kind === 'api') {
      if (!route.takesBody) return refuseApi(req, res, NO_BODY)
      letBodyCome(req, res)
      const read = await readJson(req)
      if (!read.ok) {
        res.shouldKeepAlive = false // what is left of the body is not waited for
        return refuseApi(req, res, read.error)
      }
      json = read.value
    }
    const verdict = await authorize(
      attemptOf(req, url, route, json, (passage) =>
        passage.asForm || route.kind !== 'api'
          ? change(req, res, passage)
          : pass(req, res, url, route, passage),
      ),
      ctx,
    )
    if (verdict.kind === 'refused') refuseApi(req, res, verdict.refusal)
  }

  return {
    handle(req, res, url) {
      if (saysToken(url.query)) {
        refuseApi(req, res, IN_QUERY)
        return
      }
      serve(req, res, url).catch((error: unknown) => {
        ctx.log.error({ err: error, path: url.path }, 'a request of the interface failed')
        refuseApi(req, res, refusal('internal', 'Something went wrong inside the gateway.', 'Try again.'))
      })
    },
  }
}

/** Whether the query carries a credential (RFC 6750 section 2.3, and the forge's own older name). */
function saysToken(query: string): boolean {
  return [...new URLSearchParams(query).keys()].some((name) => /^(?:access_)?token$/i.test(name))
}

const PASSED_ON = ['content-type', 'content-length', 'content-disposition', 'link', 'last-modified', 'etag']

/**
 * Fields of the forge's answer that are for a program. It answers in JSON and with files; a page means that something is wrong
 * that its status may not say, and is no page on this origin.
 */
export function apiHead(status: number, raw: readonly string[], origin: string): Head {
  const headers: HeaderList = []
  for (const name of PASSED_ON) {
    const value = headerValue(raw, name)
    if (value === undefined || (name === 'link' && !linksStayHere(value, origin))) continue
    headers.push(name, value)
  }
  const at = headers.indexOf('content-type')
  const isPage = at !== -1 && /^\s*(?:text\/html|application\/xhtml)/i.test(headers[at + 1]!)
  if (isPage) headers[at + 1] = 'text/plain; charset=utf-8'
  headers.push(
    'cache-control',
    'no-store',
    'x-content-type-options',
    'nosniff',
    'content-security-policy',
    "default-src 'none'; sandbox",
    'referrer-policy',
    'no-referrer',
  )
  const wrong = (isPage && status < 400) || (status >= 300 && status < 400) || status === 401
  return { status: wrong ? 502 : status, headers }
}

/** `<URL>; rel="next"` and the like (RFC 8288), each of this origin. */
function linksStayHere(field: string, origin: string): boolean {
  const targets = [...field.matchAll(/<([^>]*)>/g)].map(([, target]) => target!)
  return targets.length > 0 && targets.every((target) => staysHere(target, origin))
}
