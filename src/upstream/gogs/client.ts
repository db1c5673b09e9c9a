import type { Readable } from 'node:stream'
import { Pool } from 'undici'
import { ForgeError } from '../forge.ts'

const MAX_TEXT = 4 * 1024 * 1024

/** What Gogs answered, with a body that is small enough to be held. */
export interface Answer {
  readonly status: number
  readonly body: Buffer
  readonly contentType: string
  readonly location: string
  /** Value of a cookie it sets, still percent-encoded. */
  cookie(name: string): string | undefined
}

export interface Ask {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  /** Ask as this user by the identity header. Never together with `authorization`. */
  readonly as?: string
  readonly authorization?: string
  readonly json?: unknown
  readonly form?: Readonly<Record<string, string>>
  /** A form that is `application/x-www-form-urlencoded` already. */
  readonly encoded?: string
  /** Anything else, as it comes. */
  readonly stream?: { readonly type: string; readonly body: Readable }
  readonly csrf?: string
  /** How long the forge may take until it begins to answer, ms; half a minute unless given. */
  readonly patience?: number
  /** Largest body to accept; 4 MiB unless given. */
  readonly limit?: number
}

/** Requests of the gateway itself to Gogs. */
export interface Client {
  ask(ask: Ask): Promise<Answer>
  close(): Promise<void>
}

export const SESSION_COOKIE = 'i_like_gogs'

/**
 * A keep-alive pool to Gogs. All its requests share one session of Gogs, which holds no user (the header decides, each
 * time anew): without it every request would leave a session behind in Gogs' memory for a day.
 */
export function createClient(origin: string, headerName: string): Client {
  const pool = new Pool(origin, {
    connections: 16,
    pipelining: 1,
    headersTimeout: 30_000,
    bodyTimeout: 60_000,
    connect: { timeout: 5000 },
  })
  let session: string | undefined

  async function ask(asked: Ask): Promise<Answer> {
    const headers: Record<string, string> = { accept: '*/*' }
    if (asked.as !== undefined) {
      headers[headerName] = asked.as
      if (session !== undefined) headers['cookie'] = `${SESSION_COOKIE}=${session}`
    }
    if (asked.authorization !== undefined) headers['authorization'] = asked.authorization
    if (asked.csrf !== undefined) headers['x-csrf-token'] = asked.csrf
    let body: string | Readable | null = null
    if (asked.json !== undefined) {
      headers['content-type'] = 'application/json'
      body = JSON.stringify(asked.json)
    } else if (asked.form !== undefined || asked.encoded !== undefined) {
      headers['content-type'] = 'application/x-www-form-urlencoded'
      body = asked.encoded ?? new URLSearchParams(asked.form).toString()
    } else if (asked.stream) {
      headers['content-type'] = asked.stream.type
      body = asked.stream.body
    }
    try {
      const answer = await pool.request({
        method: asked.method ?? 'GET',
        path: asked.path,
        headers,
        body,
        ...(asked.patience !== undefined && { headersTimeout: asked.patience }),
      })
      const cookies = [answer.headers['set-cookie'] ?? []].flat()
      const cookie = (name: string): string | undefined => cookieIn(cookies, name)
      if (asked.as !== undefined) session = cookie(SESSION_COOKIE) ?? session
      return {
        status: answer.statusCode,
        body: await readAll(answer.body, asked.limit ?? MAX_TEXT),
        contentType: String(answer.headers['content-type'] ?? ''),
        location: String(answer.headers['location'] ?? ''),
        cookie,
      }
    } catch (error) {
      if (error instanceof ForgeError) throw error
      // The message of a network error names address and cause, never a header.
      throw new ForgeError('unreachable', `the forge did not answer: ${(error as Error).message}`)
    }
  }

  return { ask, close: async () => void (pool.closed || (await pool.close())) }
}

/** An answer that no code path expects. Says which, and nothing of the body. */
export function unexpected(what: string, answer: Answer): ForgeError {
  return new ForgeError('unexpected', `the forge answered ${answer.status} to ${what}`)
}

/** The JSON object in an answer; anything else is unexpected. */
export function jsonObject(what: string, answer: Answer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(answer.body.toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch {
    // Falls through.
  }
  throw unexpected(what, answer)
}

async function readAll(body: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > limit) throw new ForgeError('unexpected', `the forge sent more than ${limit} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function cookieIn(cookies: readonly string[], name: string): string | undefined {
  // The last one counts, as it does in a browser.
  const found = cookies.filter((cookie) => cookie.startsWith(`${name}=`)).at(-1)
  return found?.slice(name.length + 1).split(';', 1)[0]
}
