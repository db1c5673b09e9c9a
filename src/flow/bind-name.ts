import type { Change } from '../core/action/change.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import type { Forge } from '../upstream/forge.ts'

type Asked = Pick<Forge, 'user' | 'org'>

/** Changes that give something to whoever has a name, with the field that says it. */
const GIVES: { readonly [verb: string]: string } = {
  'repo.collaborator.add': 'person',
  'repo.transfer': 'new-owner',
  'org.member.add': 'person',
  'org.team.member.add': 'person',
}

const ANOTHER = refusal(
  'proof-invalid',
  'The name that was signed means somebody else now than when it was shown. Nothing was done.',
  'Look at who has it, and send the form again.',
)

/** A change that gives something to a name, together with the forge's number of who has it: names can be freed and taken. */
export async function bindName(change: Change, forge: Asked): Promise<Change> {
  const id = await holderOf(change, forge)
  return id === undefined ? change : { ...change, stated: [...change.stated, ['given-to', String(id)]] }
}

/** Whether the name still means who it meant when it was signed; one that nobody had then is nobody's to get. */
export async function checkGivenTo(change: Change, forge: Asked): Promise<Refusal | undefined> {
  if (GIVES[change.verb] === undefined) return undefined
  const signed = change.stated.find(([key]) => key === 'given-to')?.[1]
  return (await holderOf(change, forge))?.toString() === signed ? undefined : ANOTHER
}

async function holderOf({ verb, fields }: Change, forge: Asked): Promise<number | undefined> {
  const name = fields.find(([key]) => key === GIVES[verb])?.[1]
  if (name === undefined) return undefined
  return ((await forge.user(name)) ?? (await forge.org(name)))?.id
}
