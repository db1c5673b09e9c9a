import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { request } from 'node:http'
import type { Git, GitResult } from './git.ts'
import type { Answer, Person } from './person.ts'
import type { Credentials } from './raw-push.ts'
import type { SoftPasskey } from './soft-passkey.ts'

/** A `git push` that waits for a touch. */
export interface HeldPush {
  /** Ctrl-C, harder. */
  kill(): void
  /** Resolves with the code that the terminal shows; rejects when the push ends without one. */
  readonly code: Promise<string>
  readonly done: Promise<GitResult>
  stderr(): string
}

/** Start `git push ARGS` without a signature. */
export function pushUnsigned(git: Git, cwd: string, ...args: readonly string[]): HeldPush {
  return startPush(git, cwd, ['-c', 'push.gpgSign=false', 'push', ...args])
}

/** Start `git push ARGS` as git is set up: it signs, and may wait for others all the same. */
export function pushSigned(git: Git, cwd: string, ...args: readonly string[]): HeldPush {
  return startPush(git, cwd, ['push', ...args])
}

function startPush(git: Git, cwd: string, args: readonly string[]): HeldPush {
  const env = Object.fromEntries(
    Object.entries({ ...process.env, ...git.env }).filter(([, value]) => value !== undefined),
  ) as Record<string, string>
  const child = spawn('git', args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  // git and its helpers together, as a terminal does it: the helper alone would go on waiting.
  const kill = (): void => {
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
  process.once('exit', kill)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  const done = new Promise<GitResult>((resolve) =>
    child.once('close', (code) => resolve({ code: code ?? 1, stdout, stderr })),
  )
  const code = new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      const shown = codeIn(stderr)
      if (shown !== undefined) resolve(shown)
    })
    child.once('close', () => reject(new Error(`the push was not held: ${stderr}`)))
  })
  code.catch(() => undefined)
  return { kill, code, done, stderr: () => stderr }
}

export function codeIn(text: string): string | undefined {
  return /Touch your key: http\S+\/a\/([2-9A-Z]{4}-[2-9A-Z]{4})/.exec(text)?.[1]
}

/** Approve as the page does it: look, ask for the challenge, touch, send. */
export async function approvePush(
  person: Person,
  code: string,
  touch: { flags?: number; by?: SoftPasskey } = {},
  more: { typed?: string } = {},
): Promise<{ status: number; json: Record<string, any> }> {
  await lookAt(person, code)
  const begun = await person.portal(`/a/${code}/begin`, {})
  if (begun.status !== 200) return begun
  const credential = answerBy(touch.by ?? person.passkey, begun.json['options'], touch.flags)
  return person.portal(`/a/${code}/approve`, { id: begun.json['id'], credential, ...more })
}

/** What a browser would send after a touch. */
export function answerBy(
  passkey: SoftPasskey,
  options: unknown,
  flags = passkey.flags,
): Record<string, unknown> {
  const usual = passkey.flags
  passkey.counter++
  passkey.flags = flags
  const credential = passkey.get(options as { challenge: string })
  passkey.flags = usual
  return credential
}

/** The page of a held push, once it shows what would land. */
export async function lookAt(person: Person, code: string): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    const state = await person.ask(`${person.gateway.portal}/a/${code}/state`)
    if (
      state.status !== 200 ||
      (JSON.parse(state.text) as { version: string }).version.endsWith('-looked') ||
      tries > 200
    )
      return person.ask(`${person.gateway.portal}/a/${code}`, { headers: { accept: 'text/html' } })
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

/** A push and its touch, as one: what most people do all day. */
export async function pushAndTouch(
  person: Person,
  git: Git,
  cwd: string,
  ...args: readonly string[]
): Promise<GitResult> {
  const held = pushUnsigned(git, cwd, ...args)
  const approved = await approvePush(person, await held.code)
  assert.equal(approved.status, 200, JSON.stringify(approved.json))
  return held.done
}

/** A push byte by byte that waits; its code when it is shown, its answer when it ends, and how to leave. */
export function holdRaw(
  repo: string,
  { user, password }: Credentials,
  body: Buffer,
  localAddress?: string,
): { code: Promise<string>; answer: Promise<string>; seen(): string; leave(): void } {
  let seen = ''
  let shown!: (code: string) => void
  const code = new Promise<string>((resolve) => {
    shown = resolve
  })
  const req = request(`${repo}/git-receive-pack`, {
    method: 'POST',
    agent: false,
    ...(localAddress !== undefined && { localAddress }),
    headers: {
      authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
      'content-type': 'application/x-git-receive-pack-request',
      'content-length': body.length,
    },
  })
  const answer = new Promise<string>((resolve, reject) => {
    req.on('error', reject)
    req.on('response', (res) => {
      res.setEncoding('latin1').on('data', (text: string) => {
        seen += text
        const found = codeIn(seen)
        if (found !== undefined) shown(found)
      })
      res.on('end', () => resolve(seen))
      res.on('error', reject)
    })
  })
  answer.catch(() => undefined)
  req.end(body)
  return { code, answer, seen: () => seen, leave: () => req.destroy() }
}

/** The page's button to say no. */
export async function refusePush(person: Person, code: string, why: string): Promise<void> {
  await submit(person, `/a/${code}/refuse`, { why })
}

/** A form of a portal page, as a browser sends it. */
export async function submit(person: Person, path: string, fields: Record<string, string>): Promise<void> {
  const { portal } = person.gateway
  const answer = await person.ask(`${portal}${path}`, {
    method: 'POST',
    body: new URLSearchParams(fields).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      origin: portal,
      'sec-fetch-site': 'same-origin',
    },
  })
  assert.equal(answer.status, 303, answer.text.slice(0, 300))
}
