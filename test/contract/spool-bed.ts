import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RefUpdate } from '../../src/core/git/ref-update.ts'
import { createSpool } from '../../src/spool/create-spool.ts'
import { SPOOL_LIMITS, type SpoolLimits } from '../../src/spool/limits.ts'
import type { Incoming, Spool, SpooledPush } from '../../src/spool/spool.ts'

// A repository with history, somebody's clone of it, and a spool beside them: real git on all sides.

export const ZERO = '0'.repeat(40)
export const never = new AbortController().signal

export class Bed {
  readonly root = mkdtempSync(join(tmpdir(), 'spool-'))
  readonly origin = join(this.root, 'origin.git')
  readonly work = join(this.root, 'work')
  readonly dir = join(this.root, 'spool')
  readonly said: { fields: object; message: string }[] = []
  readonly format: 'sha1' | 'sha256'
  spool!: Spool

  constructor(format: 'sha1' | 'sha256' = 'sha1') {
    this.format = format
    mkdirSync(join(this.root, 'home'))
    this.at(this.root, 'init', '-q', '--bare', `--object-format=${format}`, '-b', 'main', this.origin)
    this.at(this.root, 'init', '-q', `--object-format=${format}`, '-b', 'main', this.work)
    this.git('remote', 'add', 'origin', this.origin)
  }

  /** git in a directory; fails the test when git fails. */
  at(cwd: string, ...args: readonly string[]): string {
    return this.raw(cwd, args).toString('utf8').trimEnd()
  }

  raw(cwd: string, args: readonly string[], input: Buffer | string = ''): Buffer {
    const { status, stdout, stderr } = spawnSync('git', args, {
      cwd,
      input,
      maxBuffer: 1 << 30,
      env: {
        PATH: process.env['PATH'],
        HOME: join(this.root, 'home'),
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_AUTHOR_NAME: 'A. Author',
        GIT_AUTHOR_EMAIL: 'author@example.com',
        GIT_AUTHOR_DATE: '1700000000 +0100',
        GIT_COMMITTER_NAME: 'C. Committer',
        GIT_COMMITTER_EMAIL: 'committer@example.com',
        GIT_COMMITTER_DATE: '1700000001 +0100',
        LC_ALL: 'C',
      },
    })
    assert.equal(status, 0, `git ${args.join(' ')}: ${stderr}`)
    return stdout
  }

  git(...args: readonly string[]): string {
    return this.at(this.work, ...args)
  }

  /** Write an object as it is given. */
  object(type: string, bytes: Buffer | string): string {
    return this.raw(this.work, ['hash-object', '-t', type, '-w', '--stdin', '--literally'], bytes)
      .toString()
      .trim()
  }

  commit(message: string, write: (dir: string) => void): string {
    write(this.work)
    this.git('add', '-A')
    this.git('commit', '-q', '--allow-empty', '-m', message)
    return this.git('rev-parse', 'HEAD')
  }

  /** What git would send for these ids. */
  pack(ids: readonly string[], has: readonly string[] = [], ...options: string[]): Buffer {
    const revs = `${ids.join('\n')}\n${has.length > 0 ? '--not\n' : ''}${has.map((id) => `${id}\n`).join('')}`
    return this.raw(
      this.work,
      ['pack-objects', '--revs', '--stdout', '-q', '--delta-base-offset', ...options],
      revs,
    )
  }

  /** A pack of exactly these objects. */
  packOf(ids: readonly string[], ...options: string[]): Buffer {
    return this.raw(
      this.work,
      ['pack-objects', '--stdout', '-q', ...options],
      ids.map((id) => `${id}\n`).join(''),
    )
  }

  async open(limits: Partial<SpoolLimits> = {}): Promise<Spool> {
    this.spool = await createSpool({
      dir: this.dir,
      limits: { ...SPOOL_LIMITS, ...limits },
      log: {
        info: (fields, message) => void this.said.push({ fields, message }),
        warn: (fields, message) => void this.said.push({ fields, message }),
      },
      now: Date.now,
    })
    return this.spool
  }

  incoming(updates: readonly RefUpdate[], more: Partial<Incoming> = {}): Incoming {
    return {
      account: 'alice',
      repo: { id: 7, owner: 'acme', name: 'app' },
      part: 'code',
      updates,
      remote: { url: `file://${this.origin}`, authorization: async () => '' },
      ...more,
    }
  }

  push(updates: readonly RefUpdate[], more: Partial<Incoming> = {}): SpooledPush {
    const opened = this.spool.open(this.incoming(updates, more))
    assert.ok(opened.ok)
    return opened.value
  }

  /** Received and indexed. */
  async indexed(updates: readonly RefUpdate[], pack: Buffer): Promise<SpooledPush> {
    const push = this.push(updates)
    assert.deepEqual(await push.receive(chunks(pack), never), { ok: true, value: pack.length > 0 })
    assert.equal(await push.index(never), undefined)
    return push
  }

  /** What is left of pushes on disk. */
  quarantines(): string[] {
    return existsSync(join(this.dir, 'push')) ? readdirSync(join(this.dir, 'push')) : []
  }

  async end(): Promise<void> {
    await this.spool?.close()
    rmSync(this.root, { recursive: true, force: true })
  }
}

export async function* chunks(bytes: Buffer, size = 65536): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
