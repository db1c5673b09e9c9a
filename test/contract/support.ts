import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findGogs } from '../../src/upstream/launch/gogs-process.ts'
import { type StartedForge, startForge } from '../../src/upstream/launch/start-forge.ts'

export type Kind = 'stand-in' | 'gogs'

/** The forges to hold to the contract: the stand-in always, Gogs when there is one. */
export const KINDS: readonly Kind[] =
  findGogs(process.env) === undefined ? ['stand-in'] : ['stand-in', 'gogs']

export const EXTERNAL = 'http://forge.example:8080'
const quiet = { info() {} }

export function start(kind: Kind, home: string): Promise<StartedForge> {
  return startForge({ home, externalUrl: EXTERNAL, env: process.env, log: quiet, prefer: kind })
}

/** A directory that is gone when the test is over. */
export function temporary(after: (clean: () => void) => void, name: string): string {
  const path = mkdtempSync(join(tmpdir(), `cs-${name}-`))
  after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export interface AskOptions {
  readonly as?: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly form?: Record<string, string>
  readonly json?: unknown
  readonly body?: Uint8Array
}

export interface Reply {
  readonly status: number
  readonly text: string
  readonly bytes: Buffer
  readonly location: string | null
  readonly headers: Headers
  cookie(name: string): string | undefined
}

/** Requests straight to the forge, as the gateway would send them. */
export function browser(started: StartedForge) {
  const headerName = started.forge.identityHeaders('x')[0]![0]

  async function ask(path: string, options: AskOptions = {}): Promise<Reply> {
    const headers: Record<string, string> = { ...options.headers }
    if (options.as !== undefined) headers[headerName] = options.as
    let body: string | URLSearchParams | Uint8Array<ArrayBuffer> | null = null
    if (options.form) body = new URLSearchParams(options.form)
    else if (options.json !== undefined) {
      body = JSON.stringify(options.json)
      headers['content-type'] = 'application/json'
    } else if (options.body) body = new Uint8Array(options.body)
    const method = options.method ?? (body === null ? 'GET' : 'POST')
    const answer = await fetch(started.forge.origin + path, { method, headers, body, redirect: 'manual' })
    const bytes = Buffer.from(await answer.arrayBuffer())
    const cookies = answer.headers.getSetCookie()
    return {
      status: answer.status,
      text: bytes.toString(),
      bytes,
      location: answer.headers.get('location'),
      headers: answer.headers,
      cookie: (name) =>
        cookies
          .findLast((one) => one.startsWith(`${name}=`))
          ?.slice(name.length + 1)
          .split(';')[0],
    }
  }

  /** A CSRF token of anybody; under a header they are all alike. */
  async function csrf(): Promise<string> {
    return decodeURIComponent((await ask('/user/login')).cookie('_csrf') ?? '')
  }

  /** Fill in a form as somebody. */
  async function submit(as: string, path: string, form: Record<string, string> = {}): Promise<Reply> {
    return ask(path, { as, form: { ...form, _csrf: await csrf() } })
  }

  return { ask, csrf, submit, headerName }
}

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Run git with a home of its own and no prompts. Never rejects. */
export function gitIn(home: string) {
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  }
  return (cwd: string, ...args: string[]): Promise<Ran> =>
    new Promise((resolve) => {
      execFile(
        'git',
        ['-c', 'init.defaultBranch=main', ...args],
        { cwd, env, maxBuffer: 64 * 1024 * 1024 },
        (error, out, err) => {
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), out: out.trim(), err })
        },
      )
    })
}
