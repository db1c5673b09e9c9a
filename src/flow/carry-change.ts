import { movesIn } from '../core/action/action.ts'
import type { Change, PlaceFacts } from '../core/action/change.ts'
import { isRelease, makesCommit, partOf } from '../core/action/moves.ts'
import { isZeroId } from '../core/git/ref-update.ts'
import type { Account } from '../core/identity.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { ok } from '../core/result.ts'
import {
  type ChangeAnswer,
  type ChangeRequest,
  ForgeError,
  type PushAnswer,
  type Route,
} from '../upstream/forge.ts'
import { stagedFor } from './bind-commit.ts'
import { stagedFiles } from './bind-release.ts'
import type { FlowContext } from './context.ts'
import type { Outcome, RefOutcome } from './outcome.ts'
import { known, type Passage } from './passage.ts'
import { placeOf } from './place-of-repo.ts'
import { planCommit } from './plan-commit.ts'

/** What came of a change, and the path on the forge where its person goes on; null when the forge named none. */
export interface Carried {
  readonly outcome: Outcome
  readonly next: string | null
}

/** Why a change that was sent is not done; undefined when it is. */
export function notDone(outcome: Outcome): Refusal | undefined {
  const fix = 'Go back to its page and look at what it wants.'
  if (outcome.kind === 'broken')
    return refusal('upstream', 'The forge gave no answer. What came of it is being looked into.', fix)
  if (outcome.accepted === true) return undefined
  const { told, said } = outcome
  return refusal('upstream', told ?? `The forge did not take it${said ? `: ${said}` : ''}.`, fix)
}

/** What is known of a change's place from elsewhere than the request. */
export function factsOf({ repo }: Passage): PlaceFacts {
  return repo ? { private: repo.private } : {}
}

/**
 * Carry a change out, whichever door it came by: as a request written anew, or as a commit that is made here and pushed. A forge
 * that does not answer in time may do it all the same: then nobody saw what came of it.
 */
export async function carryChange(
  passage: Passage,
  route: Extract<Route, { kind: 'change' }>,
  ctx: FlowContext,
): Promise<Carried> {
  try {
    return await carry(passage, route, ctx)
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error
    ctx.log.warn({ err: error, intent: passage.intent?.index }, 'the forge gave no answer to a change')
    return { outcome: { kind: 'broken', why: 'upstream-failed', answered: false }, next: null }
  }
}

async function carry(
  passage: Passage,
  route: Extract<Route, { kind: 'change' }>,
  ctx: FlowContext,
): Promise<Carried> {
  const change = known(passage.change, 'change')
  if (makesCommit(change.verb)) return sendCommit(passage, ctx)
  const { account } = known(passage.principal, 'principal')
  if (isRelease(change.verb) && !hasItsFiles(change, account.id, ctx))
    return {
      outcome: { kind: 'answered', status: null, refs: null, accepted: false, told: NO_LONGER },
      next: null,
    }
  const request = route.write(change, factsOf(passage))
  const { next, status, accepted, said } = isRelease(change.verb)
    ? await sendRelease(change, account, request, ctx)
    : await ctx.forge.change(account.name, request)
  if (change.verb === 'user.profile.update') ctx.names.forget(account.id) // it may be a new one
  if (change.verb === 'user.delete' && accepted) await endAccount(account, ctx)
  return { outcome: { kind: 'answered', refs: null, status, accepted, said }, next }
}

/** Every new file that was signed, by its name, is still kept. */
function hasItsFiles(change: Change, account: string, { stage }: FlowContext): boolean {
  const fresh = change.stated.filter(([key, value]) => key === 'file-digest' && value.split(' ').length > 2)
  return stagedFiles(change, account, stage).length === fresh.length
}

/** A release takes the files that were kept here along: the forge gets them now, and the form says its words for them. */
async function sendRelease(
  change: Change,
  { id, name }: { readonly id: string; readonly name: string },
  request: ChangeRequest,
  { forge, stage }: FlowContext,
): Promise<ChangeAnswer> {
  const files = stagedFiles(change, id, stage)
  const answer = await forge.change(name, request, files)
  if (answer.accepted)
    await Promise.all(files.map((file) => stage.remove({ account: id, repo: null }, file.id)))
  return answer
}

/** Who is no longer at the forge has no way in: sessions, git passwords and what waits end at once. */
async function endAccount(account: Account, { identity, log }: FlowContext): Promise<void> {
  const ended = await identity.setAccountState(account.id, 'disabled', 'user.delete')
  if (!ended.ok)
    log.error({ account: account.name, why: ended.error.say }, 'a deleted account is still active')
}

const NO_LONGER = 'A file that was uploaded is no longer kept. Nothing was done.'
const ANOTHER = 'The commit that was signed cannot be made any more. Nothing was done.'

/**
 * Build the commit again from what was signed, and push exactly that one. The forge itself compares the old value of the ref,
 * and its own rules for the branch hold.
 */
async function sendCommit(passage: Passage, ctx: FlowContext): Promise<Carried> {
  const { account } = known(passage.principal, 'principal')
  const change = known(passage.change, 'change')
  const repo = known(passage.repo, 'repo')
  const [move, ...others] = movesIn(known(passage.action, 'action'))
  if (!move || others.length > 0) throw new Error('a commit moves one ref')
  const tip = change.stated.findLast(([key]) => key === 'tip')?.[1] ?? ''
  const part = partOf(change.verb)
  const owner = { account: account.id, repo: repo.id }
  const staged = stagedFor(change, owner, ctx.stage)
  if (!staged) return { outcome: notSent(move.ref, NO_LONGER), next: null }
  const sent = await ctx.spool.make(
    placeOf(repo, part, account, ctx),
    isZeroId(tip) ? null : tip,
    async () => ok(planCommit(change, ctx.forge.commits, staged)),
    async ({ id, pack }) =>
      id === move.after ? ctx.forge.push(account.name, repo, part, { ...move, after: id }, pack) : undefined,
  )
  if (!sent.ok || !sent.value) {
    const told = sent.ok ? ANOTHER : sent.error.say
    return { outcome: notSent(move.ref, told), next: null }
  }
  if (sent.value.moved) await Promise.all(staged.map(({ id }) => ctx.stage.remove(owner, id)))
  return answered(move.ref, sent.value, async () => ctx.forge.commits.next(change, repo, account.name))
}

function notSent(ref: string, told: string): Outcome {
  return {
    kind: 'answered',
    status: null,
    accepted: false,
    told,
    refs: [{ ref, status: 'ng', reason: 'it was not sent' }],
  }
}

async function answered(
  ref: string,
  { status, moved, said }: PushAnswer,
  next: () => Promise<string>,
): Promise<Carried> {
  const seen: RefOutcome =
    moved === null
      ? { ref, status: 'unknown' }
      : moved
        ? { ref, status: 'ok' }
        : { ref, status: 'ng', reason: said ?? `the forge answered ${status}` }
  return {
    outcome: { kind: 'answered', status, accepted: moved === true, said, refs: [seen] },
    // It has landed, wherever the person goes on.
    next: moved === true ? await next().catch(() => null) : null,
  }
}
