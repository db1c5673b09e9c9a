import { setsMerge } from '../core/git/attributes.ts'
import type { Landing } from '../core/git/landing.ts'
import { ObjectStream } from '../core/git/object-stream.ts'
import type { Refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import { type Change, readPatch } from './changes.ts'
import { type GitRun, NO_FILES, type ObjectFormat } from './git.ts'
import { onMirror } from './inspect.ts'
import { lookInto, unseen } from './look.ts'
import type { MirrorView } from './mirrors.ts'
import type { PushContext } from './push.ts'
import { makeQuarantine } from './quarantine.ts'
import { createReader, type Reader } from './reader.ts'
import {
  conflicts,
  mergeDriver,
  mergeTooLarge,
  nothingToMerge,
  notLookedInto,
  unrelated,
} from './refusals.ts'
import type { Merged, Merging } from './spool.ts'

/** Attributes files of one tree, and bytes of one. */
const ATTRIBUTES_MOST = 500
const ATTRIBUTES_BYTES = 64 << 10
/** Names of conflicting files that are kept. */
const NAMES_MOST = 64 << 10

/** Configuration of git that would show in a result: as it is where nobody set it. */
const AS_STOCK = ['-c', 'core.bigFileThreshold=512m']
/** Nobody: the commit is never seen outside of its quarantine. */
const NOBODY = ['-c', 'user.name=nobody', '-c', 'user.email=nobody@localhost']

type Context = Pick<PushContext, 'pushes' | 'git' | 'mirrors' | 'limits' | 'turns' | 'log'>

/** Merge two commits in a quarantine that borrows from the mirrors of their repositories, and let `work` look at it. */
export function merge<T>(
  merging: Merging,
  format: ObjectFormat,
  context: Context,
  closing: AbortSignal,
  work: (merged: Merged) => Promise<T>,
): Promise<Result<T, Refusal>> {
  const { base, head } = merging
  return onMirror(base, format, context, closing, (view) =>
    head.repo.id === base.repo.id
      ? mergeIn(merging, [view], format, context, closing, work)
      : onMirror(head, format, context, closing, (other) =>
          mergeIn(merging, [view, other], format, context, closing, work),
        ),
  )
}

async function mergeIn<T>(
  { base, head }: Merging,
  views: readonly [MirrorView, ...MirrorView[]],
  format: ObjectFormat,
  { pushes, git, limits, turns, log }: Context,
  closing: AbortSignal,
  work: (merged: Merged) => Promise<T>,
): Promise<Result<T, Refusal>> {
  const signal = AbortSignal.any([closing, AbortSignal.timeout(limits.mergeMs)])
  const release = await turns.take(base.account, signal)
  if (!release) return err(notLookedInto())
  try {
    const quarantine = await makeQuarantine(pushes, format)
    try {
      await quarantine.borrow(...views.map(({ path }) => path))
      const { repository } = quarantine
      const bounds = { memory: limits.processBytes, seconds: limits.processSeconds, file: NO_FILES }
      const read = createReader({ git, repository, format, bounds, signal })
      const refused = (await related(read, base.id, head.id)) ?? (await attributes(read, [base.id, head.id]))
      if (refused) return err(refused)
      const write = async (args: readonly string[]): Promise<{ code: number; text: string }> => {
        let text = ''
        const run: GitRun = {
          args,
          repository,
          bounds: { ...bounds, file: limits.pushBytes },
          signal,
          output: (chunk) => {
            if (text.length < NAMES_MOST) text += chunk.toString('utf8')
            return true
          },
        }
        const { by, code, stderr } = await git.run(run)
        if (by !== 'exit' || code === null || code > 1)
          log.warn({ repo: base.repo.id, by, code, stderr }, 'a merge could not be computed')
        return { code: by === 'exit' && code !== null ? code : -1, text }
      }
      const made = await write([
        ...AS_STOCK,
        'merge-tree',
        '--write-tree',
        '-z',
        '--name-only',
        '--no-messages',
        base.id,
        head.id,
      ])
      const [tree = '', ...names] = made.text.split('\0')
      if (made.code === 1) return err(conflicts(names.filter(Boolean)))
      if (made.code > 1) return err(notLookedInto())
      if (made.code !== 0 || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(tree)) return err(mergeTooLarge())
      let change: Change | null | undefined
      return ok(
        await work({
          tree,
          async look() {
            const parents = ['-p', base.id, '-p', head.id]
            const commit = await write([...NOBODY, 'commit-tree', tree, ...parents, '-m', 'merge'])
            const after = commit.text.trim()
            const updates = [{ ref: base.ref, before: base.id, after: head.id }]
            if (commit.code !== 0) return unseen(updates, 'The merge could not be looked into.')
            const looked = await lookInto({
              read,
              view: views[0],
              updates: [{ ref: base.ref, before: base.id, after }],
              most: 1,
            })
            change = looked.changes[0]
            return without(looked.landing, after)
          },
          patch: async (bytes) => (change ? readPatch(read, change, bytes) : { files: [], cut: true }),
        }),
      )
    } finally {
      await quarantine.remove()
    }
  } finally {
    release()
  }
}

/** What is merged has something in common with the base, and something more. */
async function related(read: Reader, base: string, head: string): Promise<Refusal | undefined> {
  const merged = await read.answer(['merge-base', '--is-ancestor', head, base])
  if (merged === null) return notLookedInto()
  if (merged) return nothingToMerge()
  const common = await read.answer(['merge-base', base, head])
  return common === null ? notLookedInto() : common ? undefined : unrelated()
}

/**
 * No attributes file of either side says how files are merged: git reads such files from the folder it merges in, so here it would
 * see none, and a driver may be any program.
 */
async function attributes(read: Reader, commits: readonly string[]): Promise<Refusal | undefined> {
  const files = new Map<string, string>()
  for (const commit of commits) {
    let rest = ''
    const ended = await read.stream(['ls-tree', '-r', '-z', '--full-tree', commit], (chunk) => {
      const entries = (rest + chunk.toString('latin1')).split('\0')
      rest = entries.pop()!
      for (const entry of entries) {
        const [, id, path] = /^10\d{4} blob ([0-9a-f]+)\t((?:.*\/)?\.gitattributes)$/s.exec(entry) ?? []
        if (id !== undefined && path !== undefined)
          files.set(id, Buffer.from(path, 'latin1').toString('utf8'))
      }
      return files.size <= ATTRIBUTES_MOST
    })
    if (!ended) return mergeTooLarge()
  }
  if (files.size === 0) return undefined
  let found: string | undefined
  let count = 0
  const stream = new ObjectStream(ATTRIBUTES_BYTES, ({ id, bytes, more }) => {
    count++
    if (more || setsMerge(bytes.toString('latin1'))) found ??= files.get(id)
  })
  const ended = await read.stream(['cat-file', '--batch', '--buffer'], (chunk) => stream.push(chunk), [
    ...files.keys(),
  ])
  if (!ended || !stream.ended() || count !== files.size) return notLookedInto()
  return found === undefined ? undefined : mergeDriver(found)
}

/** The landing without the merge commit, which is made here for looking at and is not the forge's. */
function without(landing: Landing, merge: string): Landing {
  return {
    ...landing,
    refs: landing.refs.map((ref) => ({
      ...ref,
      gains: {
        commits: ref.gains.commits.filter(({ id }) => id !== merge),
        total: ref.gains.total === null ? null : ref.gains.total - 1,
      },
    })),
  }
}
