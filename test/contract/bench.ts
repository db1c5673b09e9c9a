import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Forge, ForgeUser } from '../../src/upstream/forge.ts'
import type { StartedForge } from '../../src/upstream/launch/start-forge.ts'
import { browser, gitIn, type Kind, type Ran, start } from './support.ts'

/** A running forge with alice, bob and a private repository of alice's, for one run of the suite. */
export interface Bench {
  readonly kind: Kind
  readonly home: string
  readonly scratch: string
  started: StartedForge
  forge: Forge
  web: ReturnType<typeof browser>
  users: { alice: ForgeUser; bob: ForgeUser }
  git(cwd: string, ...args: string[]): Promise<Ran>
  /** Run git as somebody, against the forge itself. */
  gitAs(user: string, cwd: string, ...args: string[]): Promise<Ran>
  url(path: string): string
  /** Refs of a repository by `owner/name`, as its owner. */
  refs(path: string): Promise<Record<string, string>>
  /** A working copy with one commit, pushed nowhere. */
  newClone(name: string): Promise<string>
  restart(): Promise<void>
  close(): Promise<void>
}

/** Fields are filled in by {@link open}, which a `before` hook calls. */
export function newBench(kind: Kind): Bench & { open(): Promise<void> } {
  const root = mkdtempSync(join(tmpdir(), `cs-contract-${kind}-`))
  const bench = {
    kind,
    home: join(root, 'home'),
    scratch: mkdtempSync(join(root, 'scratch-')),
    git: gitIn(root),
    url: (path: string) => `${bench.forge.origin}/${path}`,
    async gitAs(user: string, cwd: string, ...args: string[]): Promise<Ran> {
      const authorization = await bench.forge.gitAuthorization(user)
      return bench.git(cwd, '-c', `http.extraHeader=Authorization: ${authorization}`, ...args)
    },
    async refs(path: string) {
      const [owner, name] = path.split('/') as [string, string]
      const refs = await bench.forge.refs({ id: 0, owner, name }, 'code', owner)
      assert.ok(refs, `${path} exists`)
      return Object.fromEntries(refs)
    },
    async newClone(name: string) {
      const dir = join(bench.scratch, name)
      await bench.git(bench.scratch, 'init', '-q', dir)
      await bench.git(dir, 'commit', '-q', '--allow-empty', '-m', 'one')
      return dir
    },
    async restart() {
      await bench.started.stop()
      await up()
    },
    async close() {
      await bench.started?.stop()
      rmSync(root, { recursive: true, force: true, maxRetries: 3 })
    },
    async open() {
      await up()
      const make = async (name: string): Promise<ForgeUser> => {
        const made = await bench.forge.createUser({ name, email: `${name}@example.com`, admin: false })
        assert.ok(made.ok)
        return made.value
      }
      bench.users = { alice: await make('alice'), bob: await make('bob') }
      await bench.forge.createRepo('alice', 'app', { private: true, readme: true })
    },
  } as unknown as Bench & { open(): Promise<void> }

  async function up(): Promise<void> {
    bench.started = await start(kind, bench.home)
    bench.forge = bench.started.forge
    bench.web = browser(bench.started)
  }
  return bench
}

export function basic(user: string, password = ''): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}

/** The token inside a Basic value that carries it as the user name. */
export function tokenOf(authorization: string): string {
  return Buffer.from(authorization.slice(6), 'base64').toString().slice(0, -1)
}
