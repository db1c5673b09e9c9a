import { type Action, movesIn } from '../core/action/action.ts'
import type { KeptRef } from '../core/action/moves.ts'
import { randomSecret } from '../core/crypto.ts'
import { NONCE_MAX_AGE_MS } from '../core/git/nonce.ts'
import type { Json } from '../core/ledger/canonical-json.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { encodeField } from '../core/statement/percent.ts'
import type { Write } from '../store/store.ts'
import { frozenAmong, isFrozen } from './frozen.ts'
import { keptRefs } from './kept-refs.ts'
import { type Gate, known, type Passage } from './passage.ts'
import type { ProvenCountersign } from './verify-countersign.ts'

/**
 * What is about to happen, on disk before the forge hears of it. The nonce of a signed statement is used up in the
 * same transaction: of two requests with one certificate at most one gets past this line, whatever the crash.
 */
export const recordIntent: Gate = async (passage, ctx) => {
  const action = known(passage.action, 'action')
  if (changesNothing(passage)) return undefined
  const principal = known(passage.principal, 'principal')
  const id = randomSecret()
  // The sign-in of a connection is on disk before anything that rests on it.
  const login = passage.attempt.door === 'git-ssh' ? (await passage.attempt.login.recorded).index : undefined
  const { statement, countersigns = [] } = passage
  const recorded = await ctx.ledger.append(
    {
      type: 'intent',
      payload: { ...intentPayload(passage, ctx.policy.digest), ...(login !== undefined && { login }) },
      account: principal.account.id,
      ...(passage.repo && { repo: passage.repo.id }),
    },
    async (write, at) => {
      if (statement) {
        const keep = ctx.now() + NONCE_MAX_AGE_MS
        if (!(await useUp(write, statement.nonce, Math.max(keep, statement.expires ?? 0))))
          return refusal(
            'nonce-used',
            statement.kind === 'statement'
              ? 'This confirmation was used before.'
              : 'This push certificate was used before.',
            statement.kind === 'statement'
              ? 'Send the form again.'
              : 'Push again: git fetches a fresh nonce and signs anew.',
          )
        for (const { nonce, expires } of countersigns)
          if (!(await useUp(write, nonce, Math.max(keep, expires))))
            return refusal('nonce-used', 'A countersignature was used before.', 'Send the form again.')
      }
      if (passage.held?.entry)
        await write.deleteFrom('hold').where('entry_index', '=', passage.held.entry.index).execute()
      const kept = keptRefs(passage)
      if (kept.length > 0 && action.resource.kind === 'repo') {
        const busy = await underWay(write, action, kept)
        if (busy) return busy
        const frozen = await frozenAmong(write, action.resource, kept)
        if (frozen) return isFrozen(frozen)
        await write
          .insertInto('intent')
          .values({
            id,
            entry_index: at.index,
            state: 'open',
            account_id: principal.account.id,
            repo_id: action.resource.repo.id,
            repo_owner: action.resource.repo.owner,
            repo_name: action.resource.repo.name,
            part: action.resource.part,
            updates: JSON.stringify(kept),
            created_at: ctx.now(),
            exclusive: action.verb === 'git.push' ? 0 : 1,
            other_repo_id: kept.find((one) => one.repo !== undefined)?.repo ?? null,
          })
          .execute()
      }
      return undefined
    },
  )
  if (!recorded.ok) return recorded.error
  passage.intent = recorded.value
  passage.intentId = id
  ctx.running.add(id)
  // A touch in the portal was counted by its ceremony.
  if (passage.prover && statement?.approval === null)
    await ctx.identity.deviceUsed(passage.prover.id, statement.counter, ctx.now())
  return undefined
}

/** Whether this is the first use of a nonce, which is kept until what it stands in is long over. */
async function useUp(write: Write, nonce: string, until: number): Promise<boolean> {
  const used = await write
    .insertInto('used_nonce')
    .values({ nonce, forget_at: until + NONCE_MAX_AGE_MS })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return used.numInsertedOrUpdatedRows === 1n
}

/**
 * Whether somebody else is at a ref that this action moves or starts from. A change by a page was signed for what its refs hold, and the
 * forge takes no such condition: so from its intent to its outcome nobody else moves them through this gateway, and it
 * begins while nobody does. Pushes among themselves need no such thing: the forge compares for them.
 */
async function underWay(
  write: Write,
  action: Action,
  kept: readonly KeptRef[],
): Promise<Refusal | undefined> {
  if (action.resource.kind !== 'repo') return undefined
  const { repo, part } = action.resource
  const places = [...new Set(kept.map((one) => one.repo ?? repo.id))]
  const open = await write
    .selectFrom('intent')
    .select(['updates', 'exclusive', 'repo_id'])
    .where('state', '=', 'open')
    .where((where) => where.or([where('repo_id', 'in', places), where('other_repo_id', 'in', places)]))
    .where('part', '=', part)
    .execute()
  const own = new Set(kept.map((one) => `${one.repo ?? repo.id} ${one.ref}`))
  const meets = open.some(
    ({ updates, exclusive, repo_id }) =>
      (exclusive === 1 || action.verb !== 'git.push') &&
      (JSON.parse(updates) as readonly KeptRef[]).some((one) => own.has(`${one.repo ?? repo_id} ${one.ref}`)),
  )
  return meets
    ? refusal(
        'rate-limited',
        'Another change of this branch is under way.',
        'Look at what became of it, and try again.',
      )
    : undefined
}

/** A read; and the batch before large files are uploaded, which is judged as an upload and is only a question. */
function changesNothing({ attempt: { route }, action }: Passage): boolean {
  const { verb } = known(action, 'action')
  if (verb === 'page.read' || verb === 'git.fetch' || verb === 'lfs.verify') return true
  return route.kind === 'lfs' && route.step === 'batch'
}

/** The shape is specified in docs/formats/ledger-entry.md; a bundle is checked against it. */
function intentPayload(passage: Passage, policyDigest: string): { [key: string]: Json } {
  const { attempt, statement, countersigns = [] } = passage
  const decision = known(passage.decision, 'decision')
  // Where nothing is enforced, policy may not have allowed it at all.
  const allowed = decision.kind === 'allow'
  const { account, via, credential } = known(passage.principal, 'principal')
  const device = passage.prover ?? known(passage.principal, 'principal').device
  const action = known(passage.action, 'action')
  const { proof } = passage
  return {
    action: action.verb,
    actor: { account: account.id, name: account.name, forgeId: account.forgeId },
    device: {
      id: device.id,
      kind: device.kind,
      credential: device.credential,
      publicKey: Buffer.from(device.publicKey).toString('base64'),
    },
    repo: action.resource.kind === 'repo' ? { ...action.resource.repo, part: action.resource.part } : null,
    ...(action.resource.kind === 'org' && { org: { ...action.resource.org } }),
    updates: movesIn(action).map(({ before, after, ref }) => ({
      before,
      after,
      ref: encodeField(Buffer.from(ref, 'latin1')),
    })),
    ...(passage.change
      ? { change: { fields: passage.change.stated.map(([key, value]) => [key, value]) } }
      : action.verb !== 'git.push' && { request: { method: attempt.method, path: attempt.path } }),
    policy: { digest: policyDigest, allowed: allowed ? [...decision.policies] : [] },
    ...(passage.would && {
      would: {
        decision: passage.would.decision,
        reason: passage.would.reason,
        policies: [...passage.would.policies],
      },
    }),
    proof: { ...proof },
    statement: statement
      ? {
          kind: statement.kind,
          text: Buffer.from(statement.text).toString('base64'),
          signature: statement.signature,
          ...(statement.approval && {
            assertion: { ...statement.approval.assertion },
            batch: statement.approval.batch,
          }),
        }
      : null,
    ...(countersigns.length > 0 && { countersigns: countersigns.map(countersignPayload) }),
    ...(passage.held?.entry && { hold: passage.held.entry.index }),
    via: `${via}:${credential}`,
    door: attempt.door,
    client: attempt.client.userAgent,
  }
}

/** As the intent says who wanted it, so it says who agreed. */
function countersignPayload({ account, device, proof, given, policies }: ProvenCountersign): Json {
  return {
    actor: { account: account.id, name: account.name, forgeId: account.forgeId },
    device: {
      id: device.id,
      kind: device.kind,
      credential: device.credential,
      publicKey: Buffer.from(device.publicKey).toString('base64'),
    },
    policy: { allowed: [...policies] },
    proof: { ...proof },
    statement: {
      kind: 'statement',
      text: Buffer.from(given.text).toString('base64'),
      signature: given.signature,
      assertion: { ...given.assertion },
    },
  }
}
