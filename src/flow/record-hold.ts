import { sha256Hex } from '../core/crypto.ts'
import type { Json } from '../core/ledger/canonical-json.ts'
import type { Refusal } from '../core/refusal.ts'
import { encodeField } from '../core/statement/percent.ts'
import type { HeldPush } from '../hold/create-holds.ts'
import type { Recorded } from '../ledger/ledger.ts'
import type { FlowContext } from './context.ts'
import { known, type Passage } from './passage.ts'

/** On disk before the person is asked: a hold has an end on record, even when the gateway dies in the middle. */
export async function recordHold(
  passage: Passage,
  ctx: FlowContext,
  { hold }: HeldPush,
  why: string,
): Promise<Recorded> {
  const { account, device, via, credential } = known(passage.principal, 'principal')
  const recorded = await ctx.ledger.append(
    {
      type: 'hold',
      account: account.id,
      repo: hold.repo.id,
      payload: {
        action: 'git.push',
        actor: { account: account.id, name: account.name, forgeId: account.forgeId },
        device: device.id,
        repo: { ...hold.repo, part: hold.part },
        // Many refs are summed up: an entry stays small, and the intent lists them all.
        updates: { count: hold.updates.length, sha256: sha256Hex(updatesText(hold.updates)) },
        policy: { digest: ctx.policy.digest, why },
        via: `${via}:${credential}`,
        client: { address: hold.client.address, userAgent: hold.client.userAgent },
      },
    },
    async (write, at) => {
      await write
        .insertInto('hold')
        .values({
          entry_index: at.index,
          account_id: account.id,
          repo_id: hold.repo.id,
          created_at: ctx.now(),
        })
        .execute()
      return undefined
    },
  )
  if (!recorded.ok) throw new Error('the entry of a hold was refused')
  return recorded.value
}

/** The end of a hold that led to no intent: how it ended, and what was said. */
export async function recordHoldEnd(passage: Passage, refused: Refusal, ctx: FlowContext): Promise<void> {
  const held = known(passage.held, 'hold')
  const { account } = known(passage.principal, 'principal')
  await append(ctx, {
    entry: known(held.entry, 'entry of the hold').index,
    account: account.id,
    repo: held.push.hold.repo.id,
    end: held.push.end ?? 'rejected',
    reason: refused.reason,
    say: held.push.hold.said ?? refused.say,
    by: held.approval ? `device:${held.approval.device}` : null,
  })
}

/** Close what a gateway that died left open. To be called at start, before anything is held. */
export async function endOpenHolds(ctx: Pick<FlowContext, 'store' | 'ledger'>): Promise<void> {
  for (const row of await ctx.store.db.selectFrom('hold').selectAll().execute())
    await append(ctx, {
      entry: row.entry_index,
      account: row.account_id,
      repo: row.repo_id,
      end: 'restart',
      reason: 'closing',
      say: 'The gateway ended while the push waited.',
      by: null,
    })
}

async function append(
  ctx: Pick<FlowContext, 'ledger'>,
  end: {
    readonly entry: number
    readonly account: string
    readonly repo: number
    readonly end: string
    readonly reason: Refusal['reason']
    readonly say: string
    readonly by: string | null
  },
): Promise<void> {
  const { entry, account, repo, ...said } = end
  const payload: { [key: string]: Json } = { hold: entry, ...said }
  await ctx.ledger.append({ type: 'hold.end', account, repo, payload }, async (write) => {
    await write.deleteFrom('hold').where('entry_index', '=', entry).execute()
    return undefined
  })
}

/** One line for each command, as in a certificate, ref names percent-encoded. */
function updatesText(updates: HeldPush['hold']['updates']): string {
  return updates
    .map(({ before, after, ref }) => `${before} ${after} ${encodeField(Buffer.from(ref, 'latin1'))}\n`)
    .join('')
}
