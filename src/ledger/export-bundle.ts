import { enrolledBy } from '../core/evidence/admission.ts'
import type { Bundle, BundledEntry } from '../core/evidence/bundle.ts'
import { at, text } from '../core/evidence/records.ts'
import type { Json } from '../core/ledger/canonical-json.ts'
import { parseCheckpoint } from '../core/ledger/checkpoint.ts'
import { parseNote } from '../core/ledger/note.ts'
import { inclusionProof } from '../core/merkle/tree.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Store } from '../store/store.ts'
import { type Found, findEntries, findEntry } from './find-entries.ts'
import { latestNote } from './open-ledger.ts'
import { lookUp, nodesFor } from './tree-rows.ts'

/**
 * Everything that bears on one change, with proofs to the newest checkpoint. `subject` is the index of an intent, or a commit
 * id: then the newest push, or change by a page, that was accepted and moved a ref to it.
 */
export async function exportBundle(
  store: Store,
  vkey: string,
  subject: string,
): Promise<Result<Bundle, string>> {
  const byIndex = /^(?:0|[1-9]\d{0,14})$/.test(subject)
  const intent = byIndex ? await intentAt(store, Number(subject)) : await pushTo(store, subject)
  if (!intent)
    return err(
      byIndex
        ? `entry ${subject} of the ledger is not an intent`
        : `the ledger has no accepted change that moved a ref to ${subject}`,
    )
  const found = [intent, ...(await bearingOn(store, intent))]
  const note = await latestNote(store)
  const parsed = note === undefined ? undefined : parseNote(note)
  const checkpoint = parsed?.ok ? parseCheckpoint(parsed.value.text) : undefined
  if (note === undefined || !checkpoint?.ok) return err('the ledger has no checkpoint that can be read')
  const { size } = checkpoint.value
  const entries: BundledEntry[] = []
  for (const { idx, bytes, payload, salt } of found.sort((a, b) => a.idx - b.idx)) {
    if (entries.at(-1)?.index === idx) continue
    const nodes = await nodesFor(store.db, (ask) => inclusionProof(idx, size, ask))
    entries.push({ index: idx, entry: bytes, payload, salt, proof: inclusionProof(idx, size, lookUp(nodes)) })
  }
  return ok({ subject: intent.idx, vkey, checkpoint: note, entries })
}

function intentAt(store: Store, index: number): Promise<Found | undefined> {
  return findEntry(store, { types: ['intent'], after: index - 1, before: index + 1 })
}

/** The newest intent by which the forge moved a ref to `commit`: a push that says so, or a page that the outcome says it of. */
async function pushTo(store: Store, commit: string): Promise<Found | undefined> {
  for await (const intent of findEntries(store, { types: ['intent'], newestFirst: true })) {
    const updates = items(at(intent.says, 'updates')).filter((update) =>
      [commit, null].includes((at(update, 'after') as string | null | undefined) ?? null),
    )
    if (updates.length === 0) continue
    const outcome = await outcomeOf(store, intent)
    const accepted = items(at(outcome?.says, 'refs')).filter((ref) => at(ref, 'status') === 'ok')
    const moved = (update: Json): boolean =>
      accepted.some(
        (ref) =>
          at(ref, 'ref') === at(update, 'ref') &&
          (at(update, 'after') === commit || at(ref, 'after') === commit),
      )
    if (updates.some(moved)) return intent
  }
  return undefined
}

function outcomeOf(store: Store, intent: Found): Promise<Found | undefined> {
  const account = text(at(intent.says, 'actor', 'account'))
  return findEntry(
    store,
    { types: ['outcome'], after: intent.idx, ...(account !== undefined && { account }) },
    ({ says }) => at(says, 'intent') === intent.idx,
  )
}

/** The start of log and gateway, the outcome, and whoever signed: the person who wanted it, and those who countersigned. */
async function bearingOn(store: Store, intent: Found): Promise<Found[]> {
  const before = intent.idx
  const found = [
    await findEntry(store, { types: ['ledger.start'] }),
    await findEntry(store, { types: ['gateway.start'], before, newestFirst: true }),
    await outcomeOf(store, intent),
  ]
  for (const signer of [intent.says, ...items(at(intent.says, 'countersigns'))])
    found.push(...(await signedBy(store, signer, before)))
  return found.filter((one) => one !== undefined)
}

/** The account of a signer, and its devices back to the link that admitted the first. */
async function signedBy(store: Store, signer: Json | undefined, before: number): Promise<Found[]> {
  const account = text(at(signer, 'actor', 'account'))
  if (account === undefined) return []
  const found = [await findEntry(store, { types: ['account.create'], account, before })]
  const devices = new Set<string>()
  for (let id = text(at(signer, 'device', 'id')); id !== undefined && !devices.has(id); ) {
    devices.add(id)
    const enrolment = await findEntry(
      store,
      { types: ['device.enrol'], account, before },
      ({ says }) => at(says, 'device', 'id') === id,
    )
    const [how, by] = enrolledBy({ payload: asRecord(enrolment?.says) })
    found.push(enrolment)
    if (how !== 'device')
      found.push(
        await findEntry(
          store,
          { types: ['invitation.create', 'recovery.create'], account, before },
          ({ says }) => at(says, 'id') === by,
        ),
      )
    id = how === 'device' ? by : undefined
  }
  for await (const change of findEntries(store, {
    types: ['account.state', 'device.state'],
    account,
    before,
  })) {
    const device = text(at(change.says, 'device', 'id'))
    if (device === undefined || devices.has(device)) found.push(change)
  }
  return found.filter((one) => one !== undefined)
}

function items(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function asRecord(value: Json | undefined): { readonly [key: string]: Json } | undefined {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as { readonly [key: string]: Json })
    : undefined
}
