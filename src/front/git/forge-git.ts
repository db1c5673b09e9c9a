import { Buffer } from 'node:buffer'
import type { Readable } from 'node:stream'
import type { Dispatcher, Pool } from 'undici'
import type { FlowContext } from '../../flow/context.ts'
import { known, type Passage } from '../../flow/passage.ts'
import { type GitRoute, upstreamPath } from './route.ts'

/** A repository with more refs than this is not served. */
const MAX_ADVERTISEMENT = 64 * 1024 * 1024

/** The forge's git over smart HTTP, as the person of a passage: for a door that has no request of HTTP to pass on. */
export interface ForgeGit {
  /** Refs and capabilities, whole; or the status that came instead. */
  advertisement(passage: Passage, route: GitRoute): Promise<Buffer | number>
  /** One request of a service. The caller reads the body, or destroys it. */
  post(
    passage: Passage,
    route: GitRoute,
    body: Buffer | Readable,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData>
}

export function createForgeGit(pool: Pool, ctx: Pick<FlowContext, 'forge'>): ForgeGit {
  const headers = async (passage: Passage): Promise<string[]> => [
    'authorization',
    await ctx.forge.gitAuthorization(known(passage.principal, 'principal').account.name),
    'user-agent',
    passage.attempt.client.userAgent,
  ]
  return {
    async advertisement(passage, route) {
      const ask = async (): Promise<Dispatcher.ResponseData> =>
        pool.request({
          method: 'GET',
          path: `${upstreamPath(passage, route, '/info/refs')}?service=${route.service}`,
          headers: await headers(passage),
        })
      let answer = await ask()
      if (answer.statusCode === 401) {
        // The token was swept behind our back: mint another, once.
        await answer.body.dump()
        ctx.forge.dropGitAuthorization(known(passage.principal, 'principal').account.name)
        answer = await ask()
      }
      if (answer.statusCode !== 200) {
        await answer.body.dump()
        return answer.statusCode
      }
      const parts: Buffer[] = []
      let size = 0
      for await (const part of answer.body as AsyncIterable<Buffer>) {
        size += part.length
        if (size > MAX_ADVERTISEMENT) return 502
        parts.push(part)
      }
      return Buffer.concat(parts)
    },
    async post(passage, route, body, signal) {
      return pool.request({
        method: 'POST',
        path: upstreamPath(passage, route, `/${route.service}`),
        headers: [...(await headers(passage)), 'content-type', `application/x-${route.service}-request`],
        body,
        signal,
      })
    },
  }
}
