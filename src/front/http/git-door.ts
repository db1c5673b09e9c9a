import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Pool } from 'undici'
import type { CanonicalUrl } from '../../core/canonical-url.ts'
import { refusal } from '../../core/refusal.ts'
import type { GitAttempt } from '../../flow/attempt.ts'
import { authorize } from '../../flow/authorize.ts'
import type { FlowContext } from '../../flow/context.ts'
import type { Outcome } from '../../flow/outcome.ts'
import { known, type Passage } from '../../flow/passage.ts'
import type { Route } from '../../upstream/forge.ts'
import { letBodyCome } from './continue.ts'
import { advertise } from './git-advertise.ts'
import { receivePack } from './git-receive-pack.ts'
import { endToEnd, type HeaderList, headerValue } from './headers.ts'
import { refuseFetch, refuseGit } from './refusal-to-git.ts'
import { drain, type RenderRefusal } from './refusal-to-http.ts'
import { forward, hasBody } from './reverse-proxy.ts'

export type GitRoute = Extract<Route, { kind: 'git' }>

export interface GitDoor {
  handle(req: IncomingMessage, res: ServerResponse, url: CanonicalUrl, route: GitRoute): void
}

export interface GitDoorDeps {
  readonly ctx: FlowContext
  readonly pool: Pool
  readonly render: RenderRefusal
}

/** Smart HTTP (gitprotocol-http): three requests make a fetch or a push; each goes through the gates by itself. */
export function createGitDoor(deps: GitDoorDeps): GitDoor {
  const { ctx, pool } = deps

  async function uploadPack(
    req: IncomingMessage,
    res: ServerResponse,
    url: CanonicalUrl,
    route: GitRoute,
  ): Promise<void> {
    const verdict = await authorize(
      attemptOf(req, url, route, async (passage) => {
        letBodyCome(req, res)
        const ending = await forward(
          pool,
          {
            method: 'POST',
            path: upstreamPath(passage, route, '/git-upload-pack'),
            headers: await gitHeaders(req, passage, ctx),
            body: hasBody(req) ? req : null,
          },
          res,
          { head: (status, headers) => ({ status, headers: withoutCookiesAndAuth(headers) }) },
        )
        if (ending.kind === 'complete') return { kind: 'answered', status: ending.status, refs: null }
        if (ending.kind === 'upstream-failed' && ending.status === undefined) {
          refuseFetch(
            req,
            res,
            route,
            refusal('upstream', 'The forge did not answer.', 'Try again in a moment.'),
          )
        }
        return { kind: 'broken', why: ending.kind, answered: ending.status !== undefined }
      }),
      ctx,
    )
    if (verdict.kind === 'refused') refuseFetch(req, res, route, verdict.refusal)
  }

  return {
    handle(req, res, url, route) {
      const wanted = `application/x-${route.service}-request`
      if (route.step === 'rpc' && req.headers['content-type'] !== wanted) {
        refuseGit(req, res, 415, `Send this as ${wanted}.`)
        drain(req)
        return
      }
      const work =
        route.step === 'advertise'
          ? advertise(req, res, url, route, deps)
          : route.service === 'git-upload-pack'
            ? uploadPack(req, res, url, route)
            : receivePack(req, res, url, route, deps)
      work.catch((error: unknown) => {
        ctx.log.error({ err: error, path: url.path }, 'a git request failed')
        if (res.headersSent) res.destroy()
        else refuseGit(req, res, 500, 'Something went wrong inside the gateway.')
      })
    },
  }
}

/** An attempt of the git door, with nothing read of the body yet. */
export function attemptOf(
  req: IncomingMessage,
  url: CanonicalUrl,
  route: GitRoute,
  carry: (passage: Passage) => Promise<Outcome>,
  push: GitAttempt['push'] = null,
): GitAttempt {
  return {
    door: 'git-http',
    method: req.method!,
    path: url.path,
    route,
    authorization: req.headers.authorization,
    push,
    client: {
      address: req.socket.remoteAddress ?? '',
      userAgent: (req.headers['user-agent'] ?? '').slice(0, 200),
    },
    carry,
  }
}

/** The forge's own spelling of the repository, whatever the client's was. */
export function upstreamPath(passage: Passage, route: GitRoute, service: string): string {
  const { owner, name } = known(passage.repo, 'repo')
  return `/${encodeURIComponent(owner)}/${encodeURIComponent(name)}${route.part === 'wiki' ? '.wiki' : ''}.git${service}`
}

const PASSED_ON = [
  'accept',
  'accept-encoding',
  'accept-language',
  'content-encoding',
  'content-length',
  'content-type',
  'user-agent',
  'git-protocol',
] as const

/** Fields for the forge: what git needs, and a minted token that acts as this person. */
export async function gitHeaders(
  req: IncomingMessage,
  passage: Passage,
  ctx: FlowContext,
  only: readonly string[] = PASSED_ON,
): Promise<HeaderList> {
  const headers: HeaderList = []
  for (const name of only) {
    const value = req.headers[name]
    if (typeof value === 'string') headers.push(name, value)
  }
  headers.push(
    'authorization',
    await ctx.forge.gitAuthorization(known(passage.principal, 'principal').account.name),
  )
  return headers
}

const UNWANTED = new Set(['set-cookie', 'www-authenticate'])

/** What the forge says to us as its client is not for ours. */
export function withoutCookiesAndAuth(headers: HeaderList): HeaderList {
  return headerValue(headers, 'set-cookie') === undefined &&
    headerValue(headers, 'www-authenticate') === undefined
    ? headers
    : endToEnd(headers, UNWANTED)
}
