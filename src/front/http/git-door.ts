import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CanonicalUrl } from '../../core/canonical-url.ts'
import { refusal } from '../../core/refusal.ts'
import { authorize } from '../../flow/authorize.ts'
import type { LfsRoute } from '../../flow/describe-lfs.ts'
import { known } from '../../flow/passage.ts'
import { type GitRoute, upstreamPath } from '../git/route.ts'
import { letBodyCome } from './continue.ts'
import { advertise } from './git-advertise.ts'
import { receivePack } from './git-receive-pack.ts'
import { attemptOf, type GitDoorDeps, gitHeaders, passedBack } from './git-request.ts'
import { refuseLfs } from './lfs-answer.ts'
import { serveLfs } from './lfs-door.ts'
import { refuseFetch, refuseGit } from './refusal-to-git.ts'
import { drain } from './refusal-to-http.ts'
import { forward, hasBody } from './reverse-proxy.ts'

export interface GitDoor {
  handle(req: IncomingMessage, res: ServerResponse, url: CanonicalUrl, route: GitRoute | LfsRoute): void
}

/**
 * Smart HTTP (gitprotocol-http): three requests make a fetch or a push, and large files go beside them; each goes through the
 * gates by itself.
 */
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
        if (!passage.visitor) deps.streams.track(known(passage.principal, 'principal'), res)
        const ending = await forward(
          pool,
          {
            method: 'POST',
            path: upstreamPath(passage, route, '/git-upload-pack'),
            headers: await gitHeaders(req, passage, ctx),
            body: hasBody(req) ? req : null,
          },
          res,
          { head: passedBack },
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
      if (route.kind === 'lfs') {
        serveLfs(req, res, url, route, deps).catch((error: unknown) => {
          ctx.log.error({ err: error, path: url.path }, 'a large-file request failed')
          refuseLfs(req, res, refusal('internal', 'Something went wrong inside the gateway.'))
        })
        return
      }
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
