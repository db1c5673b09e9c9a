import type { IncomingMessage } from 'node:http'
import type { Pool } from 'undici'
import type { CanonicalUrl } from '../../core/canonical-url.ts'
import type { GitAttempt } from '../../flow/attempt.ts'
import type { FlowContext } from '../../flow/context.ts'
import type { Outcome } from '../../flow/outcome.ts'
import { known, type Passage } from '../../flow/passage.ts'
import type { Streams } from './cut-streams.ts'
import { endToEnd, type HeaderList } from './headers.ts'
import type { RenderRefusal } from './refusal-to-http.ts'

export interface GitDoorDeps {
  readonly ctx: FlowContext
  readonly pool: Pool
  readonly render: RenderRefusal
  readonly streams: Streams
  readonly lfs: { readonly maxObjectBytes: number }
}

/** An attempt of the git door, with nothing read of the body yet. */
export function attemptOf(
  req: IncomingMessage,
  url: CanonicalUrl,
  route: GitAttempt['route'],
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

/** For a look at who asks, before a body is read. */
export function neverCarried(): Promise<never> {
  throw new Error('a look at who asks carries nothing out')
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

/** Fields for the forge: what git needs, and a minted token that acts as this person; for a visitor none. */
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
  if (passage.visitor) return headers
  headers.push(
    'authorization',
    await ctx.forge.gitAuthorization(known(passage.principal, 'principal').account.name),
  )
  return headers
}

const UNWANTED = new Set(['set-cookie', 'www-authenticate'])

/** Fields of the forge's answer that are for our client; what it says to us as its own is not. */
export function passedBack(status: number, raw: HeaderList): { status: number; headers: HeaderList } {
  return { status, headers: endToEnd(raw, UNWANTED) }
}
