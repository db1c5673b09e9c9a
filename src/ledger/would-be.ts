import { sql } from 'kysely'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import type { Ledger } from './ledger.ts'

/** One thing that passed only because nothing is enforced where it happened. */
export interface WouldBeNote {
  readonly decision: 'challenge' | 'deny'
  readonly reason: string
  readonly say: string
  readonly policies: readonly string[]
  readonly want: { readonly method: string; readonly uv: boolean; readonly people: number } | null
  readonly account: { readonly id: string; readonly name: string; readonly forgeId: number }
  readonly verb: string
  readonly repo: number | null
  /** Where, in the forge's words of then. */
  readonly place: string
  readonly door: string
  /** Digest of the policy that was in force. */
  readonly policy: string
}

/** What would have happened, counted over everybody and all days that are kept. */
export interface WouldBeRow {
  readonly verb: string
  readonly place: string
  readonly decision: 'challenge' | 'deny'
  readonly policies: readonly string[]
  readonly say: string
  readonly uv: boolean
  /** Other people that it would have taken. */
  readonly people: number
  readonly times: number
  readonly accounts: readonly string[]
  /** Unix ms. */
  readonly last: number
}

/**
 * What enforcement would have done. The first of a kind is an entry of the ledger, on disk when `note` resolves: a kind is a
 * person, a verb, a place and a decision on one day (UTC). The others of that day are counted, and written every few seconds.
 */
export interface WouldBe {
  note(note: WouldBeNote): Promise<void>
  /** Most frequent first. */
  rows(limit: number): Promise<readonly WouldBeRow[]>
  /** Write the counts that wait. */
  close(): Promise<void>
}

const FLUSH_MS = 2_000
/** What is counted together, over people and days. */
const KIND = ['verb', 'place', 'decision', 'policies', 'say', 'uv', 'people'] as const
/** Kinds of one person on one day; beyond, a place is not told apart any more. */
const KINDS_AT_MOST = 200
const ELSEWHERE = 'more places'

interface Kind {
  readonly day: string
  readonly account: string
  readonly verb: string
  readonly place: string
  readonly decision: WouldBeNote['decision']
  recorded: Promise<void>
  waiting: number
  last: number
}

export function createWouldBe(deps: {
  readonly ledger: Ledger
  readonly store: Store
  readonly now: () => number
  readonly log: { error(fields: object, message: string): void }
}): WouldBe {
  const { ledger, store, now, log } = deps
  let today = ''
  const kinds = new Map<string, Kind>()
  const kindsOf = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined
  let flushing = Promise.resolve()

  function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    flushing = flushing
      .then(write)
      .catch((error: unknown) =>
        log.error({ err: error }, 'counts of what would have been refused could not be written'),
      )
    return flushing
  }

  async function write(): Promise<void> {
    const waiting = [...kinds.values()].filter((kind) => kind.waiting > 0)
    if (waiting.length === 0) return
    const counted = waiting.map((kind) => ({ ...kind }))
    await store.transaction(async (tx) => {
      for (const { day, account, verb, place, decision, waiting: more, last } of counted)
        await tx
          .updateTable('would_be')
          .set({ times: sql<number>`times + ${more}`, last_at: last })
          .where('day', '=', day)
          .where('account_id', '=', account)
          .where('verb', '=', verb)
          .where('place', '=', place)
          .where('decision', '=', decision)
          .execute()
    })
    for (const [i, kind] of waiting.entries()) kind.waiting -= counted[i]!.waiting
  }

  /** The entry of a kind; none when an earlier run of this day wrote it. */
  async function record(kind: Kind, note: WouldBeNote): Promise<void> {
    const known = await store.db
      .selectFrom('would_be')
      .select('times')
      .where('day', '=', kind.day)
      .where('account_id', '=', kind.account)
      .where('verb', '=', kind.verb)
      .where('place', '=', kind.place)
      .where('decision', '=', kind.decision)
      .executeTakeFirst()
    if (known) return
    const { decision, reason, say, policies, want, account, verb, repo, door, policy } = note
    await ledger.append(
      {
        type: 'would',
        account: account.id,
        ...(repo !== null && { repo }),
        payload: {
          decision,
          reason,
          say,
          want: want && { ...want },
          policy: { digest: policy, named: [...policies] },
          actor: { account: account.id, name: account.name, forgeId: account.forgeId },
          action: verb,
          place: kind.place,
          day: kind.day,
          door,
        },
      },
      async (tx, at) => {
        await tx
          .insertInto('would_be')
          .values({
            day: kind.day,
            account_id: kind.account,
            verb,
            place: kind.place,
            decision,
            policies: JSON.stringify(policies),
            say,
            uv: want?.uv ? 1 : 0,
            people: want?.people ?? 0,
            times: 0,
            last_at: kind.last,
            entry_index: at.index,
          })
          .execute()
        return undefined
      },
    )
  }

  function kindOf(note: WouldBeNote, at: number): Kind {
    const day = new Date(at).toISOString().slice(0, 10)
    if (day !== today) {
      today = day
      kindsOf.clear()
      for (const [key, kind] of kinds) if (kind.waiting === 0) kinds.delete(key)
    }
    const account = note.account.id
    const key = (place: string): string => [day, account, note.verb, note.decision, place].join('\n')
    const known = kinds.get(key(note.place)) ?? kinds.get(key(ELSEWHERE))
    if (known) return known
    const many = kindsOf.get(account) ?? 0
    kindsOf.set(account, many + 1)
    const place = many < KINDS_AT_MOST ? note.place : ELSEWHERE
    const kind: Kind = {
      day,
      account,
      verb: note.verb,
      place,
      decision: note.decision,
      recorded: Promise.resolve(),
      waiting: 0,
      last: at,
    }
    kinds.set(key(place), kind)
    kind.recorded = record(kind, note)
    kind.recorded.catch(() => kinds.delete(key(place)))
    return kind
  }

  return {
    async note(note) {
      const at = now()
      const kind = kindOf(note, at)
      await kind.recorded
      kind.waiting++
      kind.last = at
      timer ??= setTimeout(() => void flush(), FLUSH_MS).unref()
    },
    async rows(limit) {
      await flush()
      const rows = await store.db
        .selectFrom('would_be')
        .select(KIND)
        .select(sql<number>`sum(times)`.as('total'))
        .select(sql<number>`max(last_at)`.as('last'))
        .groupBy(KIND)
        .orderBy('total', 'desc')
        .orderBy('last', 'desc')
        .orderBy('verb')
        .orderBy('place')
        .orderBy('decision', 'desc')
        .limit(limit)
        .execute()
      if (rows.length === 0) return []
      const who = await store.db
        .selectFrom('would_be')
        .select([...KIND, 'account_id'])
        .distinct()
        .where(
          'verb',
          'in',
          rows.map(({ verb }) => verb),
        )
        .execute()
      const accounts = Map.groupBy(who, kindText)
      return rows.map((row) => ({
        verb: row.verb,
        place: row.place,
        decision: row.decision,
        policies: JSON.parse(row.policies) as string[],
        say: row.say,
        uv: row.uv === 1,
        people: row.people,
        times: row.total,
        last: row.last,
        accounts: accounts.get(kindText(row))!.map(({ account_id }) => account_id),
      }))
    },
    close: flush,
  }
}

function kindText(row: Pick<Schema['would_be'], (typeof KIND)[number]>): string {
  return JSON.stringify(KIND.map((name) => row[name]))
}
