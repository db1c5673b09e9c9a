import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type CommitPlan, planFault, writeCommit } from '../core/git/commit-plan.ts'
import type { Refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Git, GitBounds } from './git.ts'
import { beside, inspectionOf, lookAt } from './inspect.ts'
import type { PushContext } from './push.ts'
import { makeQuarantine, type Quarantine } from './quarantine.ts'
import { createReader } from './reader.ts'
import { closed, diskFailed, notLookedInto, notMade } from './refusals.ts'
import type { Inspection, MadeCommit, Place } from './spool.ts'

export interface Making {
  readonly place: Place
  readonly from: string | null
  readonly plan: (inspection: Inspection) => Promise<Result<CommitPlan, Refusal>>
  readonly context: Pick<PushContext, 'git' | 'mirrors' | 'limits' | 'turns' | 'pushes' | 'log'>
  readonly closing: AbortSignal
}

const NOTHING: Inspection = { file: async () => null, commit: async () => null, made: async () => null }

/** Make a commit in a quarantine beside the mirror, and hand it on; the quarantine goes with it. */
export async function make<T>(
  { place, from, plan, context, closing }: Making,
  use: (made: MadeCommit) => Promise<T>,
): Promise<Result<T, Refusal>> {
  if (closing.aborted) return err(closed())
  const quarantine = await makeQuarantine(context.pushes, 'sha1').catch(() => undefined)
  if (!quarantine) return err(diskFailed())
  const { limits, turns } = context
  const bounds = { memory: limits.processBytes, seconds: limits.processSeconds, file: limits.pushBytes }
  const planned = async (
    inspection: Inspection,
    signal: AbortSignal,
  ): Promise<Result<MadeCommit, Refusal>> => {
    const wanted = await plan(inspection)
    if (!wanted.ok) return wanted
    if (wanted.value.parent !== from) throw new Error('the plan begins elsewhere')
    return build(wanted.value, { git: context.git, quarantine, bounds, signal, log: context.log })
  }
  try {
    let made: Result<MadeCommit, Refusal>
    if (from === null) {
      const signal = AbortSignal.any([closing, AbortSignal.timeout(limits.lookMs)])
      const release = await turns.take(place.account, signal)
      if (!release) return err(notLookedInto())
      made = await planned(NOTHING, signal).finally(release)
    } else {
      const mirrored = await beside(place, 'sha1', context, closing, async ({ mirror, read, signal }) => {
        await quarantine.borrow(mirror)
        return planned(inspectionOf(read), signal)
      })
      if (!mirrored.ok) return mirrored
      made = mirrored.value
    }
    return made.ok ? ok(await use(made.value)) : made
  } finally {
    await quarantine.remove()
  }
}

interface Building {
  readonly git: Git
  readonly quarantine: Quarantine
  readonly bounds: GitBounds
  readonly signal: AbortSignal
  readonly log: PushContext['log']
}

/** Paths that a file system somewhere would take for `.git` are none, whatever this one thinks of them. */
const NO_TRAPS = ['-c', 'core.protectHFS=true', '-c', 'core.protectNTFS=true']
const ID = /^[0-9a-f]{40}$/

/**
 * Plumbing only, in an index of its own and without a work tree: no filter, no attribute, no hook has a say. git leaves out
 * paths that it does not like without a word, so what was made is read again and held against the plan.
 */
async function build(plan: CommitPlan, building: Building): Promise<Result<MadeCommit, Refusal>> {
  const { git, bounds, signal, log } = building
  const { repository } = building.quarantine
  const run = async (args: readonly string[], stdin: Buffer | number = Buffer.alloc(0)): Promise<string> => {
    let out = ''
    const { by, code, stderr } = await git.run({
      args,
      repository,
      bounds,
      signal,
      stdin,
      output: (chunk) => {
        out += chunk.toString('latin1')
        return out.length <= 128
      },
    })
    if (by === 'exit' && code === 0) return out.trimEnd()
    throw new NotBuilt(by === 'exit' ? stderr : by)
  }
  try {
    if (plan.parent !== null) await run(['read-tree', plan.parent])
    const lines = plan.removes.map((path) => `0 ${'0'.repeat(40)}\t${path}\0`)
    for (const { path, mode, id, content } of plan.puts) {
      if ((await withBytes(content, (stdin) => run(['hash-object', '-w', '--stdin'], stdin))) !== id)
        throw new NotBuilt('a file is another one than was planned')
      lines.push(`${mode} ${id}\t${path}\0`)
    }
    await run([...NO_TRAPS, 'update-index', '-z', '--index-info'], Buffer.from(lines.join(''), 'utf8'))
    const tree = await run(['write-tree'])
    const id = await run(
      ['hash-object', '-t', 'commit', '-w', '--stdin'],
      Buffer.from(writeCommit(tree, plan), 'utf8'),
    )
    if (!ID.test(tree) || !ID.test(id)) throw new NotBuilt('git gave no id')
    const seen = await lookAt(createReader({ git, repository, format: 'sha1', bounds, signal }), id)
    const fault = seen ? planFault(plan, seen) : 'it cannot be read'
    if (fault !== undefined) throw new NotBuilt(fault)
    const wanted = plan.parent === null ? `${id}\n` : `${id}\n^${plan.parent}\n`
    const name = join(repository, 'made')
    const hash = await run(['pack-objects', '--revs', '-q', name], Buffer.from(wanted))
    return ok({ id, pack: () => createReadStream(`${name}-${hash}.pack`) })
  } catch (error) {
    if (!(error instanceof NotBuilt)) throw error
    log.info({ said: error.message }, 'a commit was not made')
    return err(signal.aborted ? notLookedInto() : notMade())
  }
}

/** `message` is for the log alone. */
class NotBuilt extends Error {}

async function withBytes<T>(
  content: CommitPlan['puts'][number]['content'],
  work: (stdin: Buffer | number) => Promise<T>,
): Promise<T> {
  if (content instanceof Uint8Array) return work(Buffer.from(content))
  let file: FileHandle
  try {
    file = await open(content.file, 'r')
  } catch {
    throw new NotBuilt('a file is no longer there')
  }
  return work(file.fd).finally(() => file.close())
}
