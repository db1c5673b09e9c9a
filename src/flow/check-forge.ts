import { groupOf } from '../core/action/verbs.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { ForgeError } from '../upstream/forge.ts'
import type { FlowContext } from './context.ts'
import { known, type Passage } from './passage.ts'

const SILENT = refusal('upstream', 'The forge does not say which version it is.', 'Try again in a moment.')

/**
 * What an address means, and what a form of it does, is known of versions that somebody looked through. Of any other the
 * gateway shows pages, and changes nothing.
 */
export function checkForge(
  passage: Passage,
  ctx: Pick<FlowContext, 'forge' | 'log'>,
): Refusal | undefined | Promise<Refusal | undefined> {
  const group = groupOf(known(passage.action, 'action').verb)
  if (group === 'read' || group === 'secret-read') return undefined
  const is = ctx.forge.known(passage.now)
  return is === undefined ? ask(passage, ctx) : is ? undefined : unknownVersion(ctx)
}

async function ask(passage: Passage, ctx: Pick<FlowContext, 'forge' | 'log'>): Promise<Refusal | undefined> {
  try {
    await ctx.forge.learn(passage.now)
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error
    ctx.log.error({ err: error }, 'the forge could not be asked for its version')
    return SILENT
  }
  return ctx.forge.known(passage.now) === true ? undefined : unknownVersion(ctx)
}

function unknownVersion({ forge }: Pick<FlowContext, 'forge'>): Refusal {
  return refusal(
    'not-allowed-yet',
    `The forge is version ${forge.version}, which this gateway does not know: it is only read.`,
    'Tell your administrator: either of the two has to be brought up to date.',
  )
}
