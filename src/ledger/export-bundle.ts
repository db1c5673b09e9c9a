import type { Bundle, BundledEntry } from '../core/evidence/bundle.ts'
import { at, text } from '../core/evidence/records.ts'
import type { Json } from '../core/ledger/canonical-json.ts'
import { parseCanonicalJson } from '../core/ledger/canonical-json.ts'
import { parseCheckpoint } from '../core/ledger/checkpoint.ts'
import { parseNote } from '../core/ledger/note.ts'
import { inclusionProof } from '../core/merkle/tree.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Store } from '../store/store.ts'
import { latestNote } from './open-ledger.ts'
import { allNodes } from './tree-rows.ts'

interface Row {
  readonly idx: number
  readonly type: string
  readonly bytes: Uint8Array
  readonly payload: Uint8Array | null
  readonly salt: Uint8Array | null
}

/** Everything that bears on one push, with proofs to the newest checkpoint. `subject` is an entry index or a commit id. */
export async function exportBundle(
  store: Store,
  vkey: string,
  subject: string,
): Promise<Result<Bundle, string>> {
  const intent = await findIntent(store, subject)
  if (!intent)
    return err(
      `the ledger has no push ${/^\d{1,15}$/.test(subject) ? `at entry ${subject}` : `that ended at ${subject}`}`,
    )
  const rows = new Map<number, Row>([[intent.idx, intent]])
  const take = (row: Row | undefined): Row | undefined => {
    if (row) rows.set(row.idx, row)
    return row
  }
  take(await find(store, ['ledger.start'], () => true))
  take(await find(store, ['gateway.start'], ({ idx }) => idx < intent.idx, 'newest'))
  take(await find(store, ['outcome'], ({ payload }) => at(json(payload), 'intent') === intent.idx))
  const account = text(at(json(intent.payload), 'actor', 'account'))
  take(
    await find(
      store,
      ['account.create'],
      ({ payload }) => text(at(json(payload), 'account', 'id')) === account,
    ),
  )
  for (
    let device = text(at(json(intent.payload), 'device', 'id')), depth = 0;
    device !== undefined && depth < 100;
    depth++
  ) {
    const enrolment: Row | undefined = take(
      await find(
        store,
        ['device.enrol'],
        ({ payload }) => text(at(json(payload), 'device', 'id')) === device,
      ),
    )
    const [how, by] = (text(at(json(enrolment?.payload ?? null), 'enrolledBy')) ?? '').split(':', 2) as [
      string,
      string | undefined,
    ]
    if (how !== 'device')
      take(
        await find(
          store,
          ['invitation.create', 'recovery.create'],
          ({ payload }) => text(at(json(payload), 'id')) === by,
        ),
      )
    device = how === 'device' ? by : undefined
  }
  const note = await latestNote(store)
  const parsed = note === undefined ? undefined : parseNote(note)
  const checkpoint = parsed?.ok ? parseCheckpoint(parsed.value.text) : undefined
  if (note === undefined || !checkpoint?.ok) return err('the ledger has no checkpoint that can be read')
  const nodes = await allNodes(store.db, checkpoint.value.size)
  const entries = [...rows.values()]
    .sort((a, b) => a.idx - b.idx)
    .map(
      ({ idx, bytes, payload, salt }): BundledEntry => ({
        index: idx,
        entry: bytes,
        payload,
        salt,
        proof: inclusionProof(idx, checkpoint.value.size, nodes),
      }),
    )
  return ok({ subject: intent.idx, vkey, checkpoint: note, entries })
}

async function findIntent(store: Store, subject: string): Promise<Row | undefined> {
  if (/^\d{1,15}$/.test(subject)) return find(store, ['intent'], ({ idx }) => idx === Number(subject))
  if (!/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(subject)) return undefined
  const moved = ({ payload }: Row): boolean => {
    const updates = at(json(payload), 'updates')
    return Array.isArray(updates) && updates.some((update: Json) => at(update, 'after') === subject)
  }
  return find(store, ['intent'], moved, 'newest')
}

const PAGE = 500

async function find(
  store: Store,
  types: readonly string[],
  matches: (row: Row) => boolean,
  order: 'oldest' | 'newest' = 'oldest',
): Promise<Row | undefined> {
  const newest = order === 'newest'
  for (let from = newest ? Number.MAX_SAFE_INTEGER : -1; ; ) {
    const page = await store.db
      .selectFrom('ledger_entry')
      .select(['idx', 'type', 'bytes', 'payload', 'salt'])
      .where('type', 'in', types as string[])
      .where('idx', newest ? '<' : '>', from)
      .orderBy('idx', newest ? 'desc' : 'asc')
      .limit(PAGE)
      .execute()
    const found = page.find(matches)
    if (found || page.length < PAGE) return found
    from = page.at(-1)!.idx
  }
}

function json(payload: Uint8Array | null): Json | undefined {
  return payload === null ? undefined : parseCanonicalJson(Buffer.from(payload).toString('utf8'))
}
