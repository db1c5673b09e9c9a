import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Dispatcher } from 'undici'
import type { CanonicalUrl } from '../../core/canonical-url.ts'
import { refusal } from '../../core/refusal.ts'
import { authorize } from '../../flow/authorize.ts'
import type { Outcome } from '../../flow/outcome.ts'
import { known, type Passage } from '../../flow/passage.ts'
import { inviteToSign } from '../git/invite-to-sign.ts'
import { type GitRoute, upstreamPath } from '../git/route.ts'
import { collect } from './collect.ts'
import { attemptOf, type GitDoorDeps, gitHeaders } from './git-request.ts'
import { refuseFetch } from './refusal-to-git.ts'

/** A repository with more refs than this is not served for pushing. */
const MAX_ADVERTISEMENT = 64 * 1024 * 1024
const PASSED_ON = ['accept', 'accept-encoding', 'user-agent', 'git-protocol'] as const
// receive-pack speaks protocol v0/v1 only, and what is rewritten must come plain.
const PASSED_ON_FOR_PUSH = ['accept', 'user-agent'] as const

/** `GET info/refs`: what the forge has, and for a push the invitation to sign it. */
export async function advertise(
  req: IncomingMessage,
  res: ServerResponse,
  url: CanonicalUrl,
  route: GitRoute,
  deps: GitDoorDeps,
): Promise<void> {
  const { ctx } = deps
  const pushing = route.service === 'git-receive-pack'

  async function ask(passage: Passage): Promise<Dispatcher.ResponseData> {
    return deps.pool.request({
      method: 'GET',
      path: `${upstreamPath(passage, route, '/info/refs')}?service=${route.service}`,
      headers: await gitHeaders(req, passage, ctx, pushing ? PASSED_ON_FOR_PUSH : PASSED_ON),
    })
  }

  async function carry(passage: Passage): Promise<Outcome> {
    const principal = passage.visitor ? undefined : known(passage.principal, 'principal')
    if (principal) deps.streams.track(principal, res)
    let answer = await ask(passage)
    if (answer.statusCode === 401 && principal) {
      // The token was swept behind our back: mint another, once.
      await answer.body.dump()
      ctx.forge.dropGitAuthorization(principal.account.name)
      answer = await ask(passage)
    }
    if (answer.statusCode !== 200) {
      await answer.body.dump()
      ctx.log.warn({ status: answer.statusCode, path: url.path }, 'the forge refused an advertisement')
      refuseFetch(
        req,
        res,
        route,
        answer.statusCode === 401 && passage.visitor
          ? passage.visitor
          : answer.statusCode === 404
            ? refusal('not-found', 'There is no such repository.')
            : refusal('upstream', 'The forge refused this.', 'Ask an administrator to look at the log.'),
      )
      return { kind: 'answered', status: answer.statusCode, refs: null }
    }
    if (!pushing) {
      const encoding = answer.headers['content-encoding']
      res.writeHead(200, {
        ...NO_CACHE,
        'content-type': `application/x-${route.service}-advertisement`,
        ...(typeof encoding === 'string' && { 'content-encoding': encoding }),
      })
      await pipeline(answer.body, res)
      return { kind: 'answered', status: 200, refs: null }
    }
    const plain = await collect(answer.body, MAX_ADVERTISEMENT)
    const rewritten = inviteToSign(plain, passage, ctx)
    if (!rewritten.ok) {
      refuseFetch(req, res, route, rewritten.error)
      return { kind: 'answered', status: 502, refs: null }
    }
    res.writeHead(200, {
      ...NO_CACHE,
      'content-type': `application/x-${route.service}-advertisement`,
      'content-length': rewritten.value.length,
    })
    res.end(rewritten.value)
    return { kind: 'answered', status: 200, refs: null }
  }

  const verdict = await authorize(attemptOf(req, url, route, carry), ctx)
  if (verdict.kind === 'refused') refuseFetch(req, res, route, verdict.refusal)
}

const NO_CACHE = {
  expires: 'Fri, 01 Jan 1980 00:00:00 GMT',
  pragma: 'no-cache',
  'cache-control': 'no-cache, max-age=0, must-revalidate',
} as const
