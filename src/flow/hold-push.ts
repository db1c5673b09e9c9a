import { writeHeldCertificate } from '../core/git/held-certificate.ts'
import { mintNonce } from '../core/git/nonce.ts'
import type { Refusal } from '../core/refusal.ts'
import { ok, type Result } from '../core/result.ts'
import { CLIENT_LEFT } from '../hold/create-holds.ts'
import type { FlowContext } from './context.ts'
import { nonceScope } from './nonce-scope.ts'
import { type HeldPassage, known, type Passage } from './passage.ts'
import type { PushRequest, WaitingClient } from './push-request.ts'
import { recordHold } from './record-hold.ts'
import { waysToApprove } from './ways-to-approve.ts'

/**
 * Let a push wait for a touch in the portal (DESIGN: held, not refused). Its pack goes to bounded disk and is indexed, the
 * gateway writes the certificate, the person is told where to look, and the gate goes on with the touch or ends with why
 * there was none. Whatever comes of it, `letGo` frees what is kept.
 */
export async function holdPush(
  passage: Passage,
  ctx: FlowContext,
  push: PushRequest,
  { why, people }: Wanted,
): Promise<Refusal | undefined> {
  const { account } = known(passage.principal, 'principal')
  const repo = known(passage.repo, 'repo')
  const begun = await begin(passage, ctx, push, { why, people })
  if (!begun.ok) return begun.error
  const { held, client, updates, part } = begun.value
  if (!held.push.end) {
    held.push.ready(
      writeHeldCertificate(
        { name: account.name, portal: ctx.portalOrigin, time: ctx.now() },
        {
          pushee: `${ctx.forgeOrigin}/${repo.owner}/${repo.name}${part === 'wiki' ? '.wiki' : ''}.git`,
          nonce: mintNonce(ctx.nonceKey, {
            repo: nonceScope(passage),
            account: account.id,
            now: ctx.now(),
          }),
          pushOptions: push.pushOptions,
          updates,
        },
      ),
    )
    client.say(`Touch your key: ${ctx.portalOrigin}/a/${held.push.hold.code}`)
    lookInto(held, ctx)
  }
  const answer = await held.push.answer
  if (!answer.ok) return answer.error
  held.approval = answer.value
  return undefined
}

/** Let a push wait that came signed: for others, who are shown what it would do. */
export async function holdSigned(
  passage: Passage,
  ctx: FlowContext,
  push: PushRequest,
  wanted: Wanted,
): Promise<Refusal | undefined> {
  const begun = await begin(passage, ctx, push, wanted)
  if (!begun.ok) return begun.error
  const { held } = begun.value
  if (held.push.end) {
    const answer = await held.push.answer
    return answer.ok ? undefined : answer.error
  }
  lookInto(held, ctx)
  return undefined
}

/** What policy asks for. */
interface Wanted {
  readonly why: string
  /** How many others must countersign. */
  readonly people: number
}

interface Begun {
  readonly held: HeldPassage
  readonly client: WaitingClient
  readonly updates: HeldPassage['push']['hold']['updates']
  readonly part: 'code' | 'wiki'
}

/** Take it in, whole, and put on record that it waits. When that went wrong, the push has ended. */
async function begin(
  passage: Passage,
  ctx: FlowContext,
  push: PushRequest,
  { why, people }: Wanted,
): Promise<Result<Begun, Refusal>> {
  const { account, device, credential } = known(passage.principal, 'principal')
  const client = push.wait
  if (!client || passage.action?.verb !== 'git.push') throw new Error('this attempt cannot wait')
  const { updates, resource } = passage.action
  const spooled = ctx.spool.open({
    account: account.id,
    repo: resource.repo,
    part: resource.part,
    updates,
    remote: {
      url: ctx.forge.gitUrl(resource.repo, resource.part),
      authorization: () => ctx.forge.gitAuthorization(account.name),
    },
  })
  if (!spooled.ok) return spooled
  const opened = ctx.holds.open({
    account: account.id,
    device: device.id,
    credential,
    repo: resource.repo,
    part: resource.part,
    updates,
    pushOptions: push.pushOptions,
    client: passage.attempt.client,
    why,
    people,
    ways: (shown, batch) => waysToApprove(passage, ctx, shown, batch, people),
    patch: (ref, bytes) => spooled.value.patch(ref, bytes),
  })
  if (!opened.ok) {
    await spooled.value.dispose()
    return opened
  }
  const held: HeldPassage = { push: opened.value, spooled: spooled.value }
  passage.held = held
  const left = (): void => held.push.stop('gone', CLIENT_LEFT)
  if (client.gone.aborted) left()
  client.gone.addEventListener('abort', left, { once: true })

  const unusable = await takeIn(held, client)
  if (unusable) held.push.stop('unusable', unusable)
  else if (!held.push.end) held.entry = await recordHold(passage, ctx, held.push, why)
  return ok({ held, client, updates, part: resource.part })
}

/** What it would do, for whoever is asked. */
function lookInto(held: HeldPassage, ctx: FlowContext): void {
  void held.spooled.look(held.push.ended).then(
    (landing) => held.push.looked(landing),
    (error: unknown) => ctx.log.error({ err: error }, 'a held push could not be looked into'),
  )
}

/** The whole pack to disk, then into git's hands. */
async function takeIn({ push, spooled }: HeldPassage, client: WaitingClient): Promise<Refusal | undefined> {
  const received = await spooled.receive(client.pack, push.ended)
  if (push.end) return undefined
  if (!received.ok) return received.error
  client.begin()
  return received.value ? spooled.index(push.ended) : undefined
}

/** Free what was kept, and tell the page what became of it. */
export async function letGo(
  { outcome }: Passage,
  held: HeldPassage,
  refused: Refusal | undefined,
  ctx: FlowContext,
): Promise<void> {
  if (refused) {
    held.push.stop('unusable', refused) // when something broke before anybody could approve it
    held.push.settled('rejected', refused.say)
  } else {
    const failed =
      outcome?.kind === 'answered' ? (outcome.refs?.filter(({ status }) => status !== 'ok') ?? null) : null
    if (failed?.length === 0) held.push.settled('landed', null)
    else
      held.push.settled(
        'rejected',
        failed === null
          ? 'The forge gave no answer; the refs will be read.'
          : failed.map(({ ref, reason }) => `${ref}: ${reason ?? 'unknown'}`).join('; '),
      )
  }
  await held.spooled.dispose().catch((error: unknown) => {
    ctx.log.error({ err: error }, 'a spooled push could not be removed')
  })
}
