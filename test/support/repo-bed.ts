import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type RunningGateway, startGateway } from './gateway.ts'
import { ledgerEntries } from './ledger-entries.ts'
import type { Answer } from './person.ts'
import { type Pusher, pusher } from './pusher.ts'
import { confirmChange, parkedId, sendForm } from './web-change.ts'

export const NONE = '0'.repeat(40)

/** A gateway, its first person, and their clone of the sample repository: pages on one side, stock git on the other. */
export class RepoBed {
  gateway!: RunningGateway
  keeper!: Pusher
  work!: string
  readonly #env: Record<string, string>
  #commits = 0

  readonly #home: string | undefined

  constructor(env: Record<string, string>, home?: string) {
    this.#env = env
    this.#home = home
  }

  async start(): Promise<void> {
    this.gateway = await startGateway({
      env: this.#env,
      ...(this.#home !== undefined && { home: this.#home }),
    })
    this.keeper = await pusher(this.gateway, 'keeper', this.gateway.enroll!)
    await this.keeper.person.openForge('/')
    this.work = this.keeper.git.path('work')
    await this.git0('clone', '-q', this.remote(), this.work)
  }

  /** Kill it, and start it again in the same home; its person signs in anew. */
  async restart(): Promise<void> {
    await this.gateway.kill()
    const was = this.gateway
    const port = new URL(was.url).port
    this.gateway = await startGateway({ env: this.#env, home: was.home, args: ['--port', port] })
  }

  /** `/owner/name` of the sample. */
  get repo(): string {
    return new URL(this.gateway.sample).pathname.replace(/\.git$/, '')
  }

  remote(part: 'code' | 'wiki' = 'code'): string {
    const url = this.keeper.remote(this.gateway.sample)
    return part === 'code' ? url : url.replace(/\.git$/, '.wiki.git')
  }

  git(...args: readonly string[]): Promise<string> {
    return this.keeper.git.ok(this.work, ...args)
  }

  git0(...args: readonly string[]): Promise<string> {
    return this.keeper.git.ok(this.keeper.git.home, ...args)
  }

  entries(type: string): Promise<Record<string, any>[]> {
    return ledgerEntries(this.gateway.home, type)
  }

  async last(type: string): Promise<Record<string, any>> {
    return (await this.entries(type)).at(-1)!
  }

  send(path: string, fields: Record<string, string>, who = this.keeper.person): Promise<Answer> {
    return sendForm(this.gateway, who, path, fields)
  }

  async park(path: string, fields: Record<string, string>): Promise<string> {
    return parkedId(this.gateway, await this.send(path, fields))
  }

  confirm(id: string): ReturnType<typeof confirmChange> {
    return confirmChange(this.keeper.person, id)
  }

  /** Send a form, touch, and see it done. Resolves with the path where the person goes on. */
  async change(path: string, fields: Record<string, string>): Promise<string> {
    const done = await this.confirm(await this.park(path, fields))
    assert.equal(done.status, 200, JSON.stringify(done.json))
    return String(done.json['next']).slice(this.gateway.url.length)
  }

  /** The refs as the forge holds them. */
  async refs(part: 'code' | 'wiki' = 'code'): Promise<Map<string, string>> {
    const out = await this.git0('ls-remote', this.remote(part))
    return new Map(out.split('\n').map((line) => line.split('\t').reverse() as [string, string]))
  }

  async tip(branch: string, part: 'code' | 'wiki' = 'code'): Promise<string | undefined> {
    return (await this.refs(part)).get(`refs/heads/${branch}`)
  }

  /** One more commit on a branch, by a certified push. */
  async advance(branch: string, files: Record<string, string> = {}): Promise<string> {
    await this.git('fetch', '-q', 'origin')
    const from = (await this.tip(branch)) === undefined ? 'main' : branch
    await this.git('checkout', '-q', '--force', '--detach', `refs/remotes/origin/${from}`)
    const id = await this.keeper.git.commit(this.work, `Commit ${++this.#commits}`, (dir) => {
      for (const [path, text] of Object.entries({ [`pushed-${this.#commits}.txt`]: 'x\n', ...files })) {
        mkdirSync(dirname(join(dir, path)), { recursive: true })
        writeFileSync(join(dir, path), text)
      }
    })
    await this.git('push', '-q', 'origin', `HEAD:refs/heads/${branch}`)
    return id
  }

  /** Policy in force from here on; none with no text. */
  async policy(text: string | null): Promise<void> {
    const loads = (await this.entries('policy.load')).length
    const file = join(this.gateway.home, 'policy', 'refs.cedar')
    mkdirSync(dirname(file), { recursive: true })
    if (text === null) rmSync(file)
    else writeFileSync(file, text)
    while ((await this.entries('policy.load')).length === loads)
      await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
