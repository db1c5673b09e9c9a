import type { RepoRef, RepoResource } from '../core/action/action.ts'
import type { KeptRef } from '../core/action/moves.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { encodeField } from '../core/statement/percent.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Database, Write } from '../store/store.ts'
import type { RefOutcome } from './outcome.ts'

/** A ref that the forge changed as nobody had signed: nobody moves it through this gateway until an administrator looked at it. */
export interface FrozenRef {
  readonly repo: RepoRef
  readonly part: 'code' | 'wiki'
  /** git's bytes read as latin1. */
  readonly ref: string
  /** Index of the entry of the intent that it came of. */
  readonly intent: number
  readonly reason: string
  /** Unix ms. */
  readonly since: number
}

/** The first of `kept` that is frozen; refs of an action in `resource`, unless they say another repository. */
export async function frozenAmong(
  db: Database | Write,
  { repo, part }: Pick<RepoResource, 'repo' | 'part'>,
  kept: readonly Pick<KeptRef, 'ref' | 'repo'>[],
): Promise<FrozenRef | undefined> {
  const places = [...new Set(kept.map((one) => one.repo ?? repo.id))]
  if (places.length === 0) return undefined
  const rows = await db
    .selectFrom('frozen_ref')
    .selectAll()
    .where('repo_id', 'in', places)
    .where('part', '=', part)
    .execute()
  const own = new Set(kept.map((one) => `${one.repo ?? repo.id} ${one.ref}`))
  const row = rows.find(({ repo_id, ref }) => own.has(`${repo_id} ${ref}`))
  return row && fromRow(row)
}

/** What somebody is told who would move it. */
export function isFrozen({ repo, ref }: FrozenRef): Refusal {
  return refusal(
    'frozen',
    `${nameOf(ref)} of ${repo.owner}/${repo.name} is frozen: the forge changed it as nobody had signed.`,
    'An administrator looks at what it holds, and lifts that. It can be read meanwhile.',
  )
}

/** Freeze refs, on record and before the intent that kept others from them ends. */
export async function freeze(
  ledger: Ledger,
  done: {
    readonly intent: number
    readonly account: string
    readonly repo: RepoRef
    readonly part: 'code' | 'wiki'
    readonly refs: readonly RefOutcome[]
  },
): Promise<void> {
  const { repo, part, intent, account, refs } = done
  await ledger.append(
    {
      type: 'ref.freeze',
      account,
      repo: repo.id,
      payload: {
        intent,
        repo: { id: repo.id, owner: repo.owner, name: repo.name, part },
        refs: refs.map(({ ref, reason, before, after }) => ({
          ref: encodeField(Buffer.from(ref, 'latin1')),
          reason: reason ?? '',
          ...(before !== undefined && after !== undefined && { before, after }),
        })),
      },
    },
    async (write, at) => {
      await write
        .insertInto('frozen_ref')
        .values(
          refs.map(({ ref, reason }) => ({
            repo_id: repo.id,
            part,
            ref,
            repo_owner: repo.owner,
            repo_name: repo.name,
            entry_index: intent,
            reason: reason ?? '',
            frozen_at: at.time,
          })),
        )
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      return undefined
    },
  )
}

/** Every frozen ref, the oldest first. */
export async function frozenRefs(db: Database): Promise<readonly FrozenRef[]> {
  const rows = await db.selectFrom('frozen_ref').selectAll().orderBy('frozen_at').execute()
  return rows.map(fromRow)
}

/** Let people move a ref again, on record. Refused when it is not frozen any more. */
export async function unfreeze(
  ledger: Ledger,
  { repo, part, ref, intent }: FrozenRef,
  by: 'host',
): Promise<Refusal | undefined> {
  const done = await ledger.append(
    {
      type: 'ref.unfreeze',
      repo: repo.id,
      payload: {
        intent,
        repo: { id: repo.id, owner: repo.owner, name: repo.name, part },
        ref: encodeField(Buffer.from(ref, 'latin1')),
        by,
      },
    },
    async (write) => {
      const gone = await write
        .deleteFrom('frozen_ref')
        .where('repo_id', '=', repo.id)
        .where('part', '=', part)
        .where('ref', '=', ref)
        .executeTakeFirst()
      return gone.numDeletedRows === 1n ? undefined : refusal('not-found', 'This ref is not frozen.')
    },
  )
  return done.ok ? undefined : done.error
}

/** A ref's name for people. */
export function nameOf(ref: string): string {
  return Buffer.from(ref, 'latin1').toString('utf8')
}

function fromRow(row: {
  repo_id: number
  repo_owner: string
  repo_name: string
  part: 'code' | 'wiki'
  ref: string
  entry_index: number
  reason: string
  frozen_at: number
}): FrozenRef {
  return {
    repo: { id: row.repo_id, owner: row.repo_owner, name: row.repo_name },
    part: row.part,
    ref: row.ref,
    intent: row.entry_index,
    reason: row.reason,
    since: row.frozen_at,
  }
}
