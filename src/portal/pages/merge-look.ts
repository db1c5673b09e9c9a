import type { Landing } from '../../core/git/landing.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { ParkedChange } from '../../hold/parked-changes.ts'
import { html, type Markup } from '../markup.ts'
import { changes, lacking } from './hold-changes.ts'
import { ALL, GLANCE, type Look, lookAt, type Room } from './hold-look.ts'

/** What comes of a merge, as far as one page has room for it. */
export interface MergeShown {
  readonly landing: Landing
  readonly look: Look
  readonly room: Room
}

/** Looks at merges that wait, once for all short pages of each. */
export function createMergeLooks(): (
  one: ParkedChange,
  room: Room,
) => Promise<Result<MergeShown, Refusal> | undefined> {
  const short = new WeakMap<ParkedChange, Promise<Result<MergeShown, Refusal>>>()
  return async (one, room) => {
    if (!one.merge) return undefined
    if (room !== GLANCE) return look(one.merge, room)
    const known = short.get(one)
    if (known) return known
    const looking = look(one.merge, room)
    short.set(one, looking)
    // What failed is tried again by the next page.
    const forget = (): void => void short.delete(one)
    looking.then(({ ok: whole }) => !whole && forget(), forget)
    return looking
  }
}

async function look(
  merge: NonNullable<ParkedChange['merge']>,
  room: Room,
): Promise<Result<MergeShown, Refusal>> {
  let found: MergeShown | undefined
  const refused = await merge(async ({ landing, patch }) => {
    found = { landing, room, look: await lookAt({ patch: (_ref, bytes) => patch(bytes) }, landing, room) }
  })
  if (refused) return err(refused)
  return found ? ok(found) : err(refusal('internal', 'The merge could not be looked into.'))
}

/** Commits and changes of a merge, or why there are none to see. */
export function mergeSection(path: string, merge: Result<MergeShown, Refusal>): Markup {
  if (!merge.ok)
    return html`<div class="note warn"><p>What would be merged cannot be shown: ${merge.error.say}</p></div>`
  const { landing, look, room } = merge.value
  const updates = landing.refs.map(({ update }) => update)
  return html`${lacking(landing, look)}
${changes(updates, landing.refs, look, room)}
${look.more ? html`<p><a class="button" href="${path}/all">Show all of it</a></p>` : null}
${room === ALL ? html`<p class="small"><a href="${path}">Back to the short page</a></p>` : null}`
}
