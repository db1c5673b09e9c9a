import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { User } from '../model.ts'
import { git, gitLine } from './run.ts'

export async function initRepository(dir: string, branch: string): Promise<void> {
  await mkdir(dir, { recursive: true })
  await gitLine(dir, ['init', '--quiet', '--bare', `--initial-branch=${branch}`, '.'])
}

/** The commit a branch or tag points to, or undefined. */
export async function commitOf(dir: string, ref: string): Promise<string | undefined> {
  const { ok, out } = await git(dir, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${ref}^{commit}`,
  ])
  return ok ? out.toString().trim() : undefined
}

export interface BranchAndPath {
  readonly branch: string
  readonly commit: string
  readonly path: string
}

/** `BRANCH/PATH` of an address: the shortest beginning that is a branch. */
export async function splitPlace(dir: string, tail: string): Promise<BranchAndPath | undefined> {
  const parts = tail.split('/')
  for (let count = 1; count <= parts.length; count++) {
    const branch = parts.slice(0, count).join('/')
    const commit = await commitOf(dir, `refs/heads/${branch}`)
    if (commit !== undefined) return { branch, commit, path: parts.slice(count).join('/') }
  }
  return undefined
}

export interface Entry {
  readonly kind: string
  readonly path: string
}

/** Names of files and folders at the top of a commit. */
export async function listTree(dir: string, commit: string): Promise<Entry[]> {
  const { out } = await git(dir, ['ls-tree', '-z', commit])
  return out
    .toString()
    .split('\0')
    .filter(Boolean)
    .map((line) => ({ kind: line.split(' ')[1]!, path: line.slice(line.indexOf('\t') + 1) }))
}

export async function readFileAt(dir: string, commit: string, path: string): Promise<Buffer | undefined> {
  const { ok, out } = await git(dir, ['cat-file', 'blob', `${commit}:${path}`])
  return ok ? out : undefined
}

/** Branches and what they point to. */
export async function listBranches(dir: string): Promise<[string, string][]> {
  const { out } = await git(dir, [
    'for-each-ref',
    '--format=%(refname:lstrip=2) %(objectname)',
    'refs/heads/',
  ])
  return out
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' ') as [string, string])
}

const identity = (user: User): Record<string, string> => ({
  GIT_AUTHOR_NAME: user.name,
  GIT_AUTHOR_EMAIL: user.email,
  GIT_COMMITTER_NAME: user.name,
  GIT_COMMITTER_EMAIL: user.email,
})

export interface Change {
  /** Branch to start from; the first commit of an empty repository has none. */
  readonly from: string | undefined
  readonly to: string
  readonly path: string
  /** Undefined deletes the file. */
  readonly content: Buffer | undefined
  readonly message: string
  /** A second file that is deleted: the old place of one that is moved. */
  readonly without?: string | undefined
}

/** Commit one changed file on the server, as a web editor does. Resolves to the new commit. */
export async function commitFile(dir: string, user: User, change: Change): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), 'stand-in-'))
  const env = { ...identity(user), GIT_INDEX_FILE: join(work, 'index') }
  try {
    const parent = change.from === undefined ? undefined : await commitOf(dir, `refs/heads/${change.from}`)
    if (parent !== undefined) await gitLine(dir, ['read-tree', parent], '', env)
    const blob = change.content && (await gitLine(dir, ['hash-object', '-w', '--stdin'], change.content))
    // Mode 0 takes the path out of the index.
    const line = blob === undefined ? `0 ${'0'.repeat(40)}	${change.path}` : `100644 ${blob}	${change.path}`
    const moved = change.without === undefined ? '' : `0 ${'0'.repeat(40)}\t${change.without}\0`
    await gitLine(dir, ['update-index', '-z', '--index-info'], `${moved}${line}\0`, env)
    const tree = await gitLine(dir, ['write-tree'], '', env)
    return await commitTree(dir, user, tree, parent === undefined ? [] : [parent], change.message, change.to)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Copy a repository with all its branches. */
export async function copyRepository(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  await gitLine(to, ['clone', '--quiet', '--bare', '--no-local', '--', from, '.'])
}

/**
 * Merge a branch, possibly of another repository, with a merge commit: in a clone, by short names, as Gogs does. False when git
 * would not.
 */
export async function mergeBranch(
  into: { readonly dir: string; readonly branch: string },
  from: { readonly dir: string; readonly branch: string },
  user: User,
  messages: readonly string[],
): Promise<boolean> {
  const work = await mkdtemp(join(tmpdir(), 'stand-in-'))
  const env = identity(user)
  try {
    for (const args of [
      ['clone', '--quiet', '--branch', into.branch, '--', into.dir, '.'],
      ['remote', 'add', 'head_repo', from.dir],
      ['fetch', '--quiet', 'head_repo'],
      ['merge', '--quiet', '--no-ff', '--no-commit', '--end-of-options', `head_repo/${from.branch}`],
      ['commit', '--quiet', ...messages.flatMap((message) => ['-m', message])],
      ['push', '--quiet', '--', into.dir, into.branch],
    ])
      if (!(await git(work, args, '', env)).ok) return false
    return true
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Commits of one branch that another lacks, the newest first; undefined when one of them is gone. */
export async function commitsBetween(
  base: { readonly dir: string; readonly branch: string },
  head: { readonly dir: string; readonly branch: string },
): Promise<string[] | undefined> {
  const [into, from] = await Promise.all([
    commitOf(base.dir, `refs/heads/${base.branch}`),
    commitOf(head.dir, `refs/heads/${head.branch}`),
  ])
  if (into === undefined || from === undefined) return undefined
  const borrowed = { GIT_ALTERNATE_OBJECT_DIRECTORIES: join(base.dir, 'objects') }
  const { ok, out } = await git(head.dir, ['rev-list', from, `^${into}`], '', borrowed)
  return ok ? out.toString().split('\n').filter(Boolean) : undefined
}

async function commitTree(
  dir: string,
  user: User,
  tree: string,
  parents: readonly string[],
  message: string,
  branch: string,
): Promise<string> {
  const commit = await gitLine(
    dir,
    ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])],
    message,
    identity(user),
  )
  await gitLine(dir, ['update-ref', `refs/heads/${branch}`, commit])
  return commit
}
