import { writeHeldCertificate } from '../../../src/core/git/held-certificate.ts'
import type {
  CommitText,
  FileChange,
  Hunk,
  Landing,
  Patch,
  PatchFile,
  RefLanding,
  Shown,
} from '../../../src/core/git/landing.ts'
import type { RefUpdate } from '../../../src/core/git/ref-update.ts'
import type { AccountId } from '../../../src/core/identity.ts'
import { refusal } from '../../../src/core/refusal.ts'
import type { Hold, HoldApproval, HoldState, Holds, HoldWay } from '../../../src/hold/holds.ts'

export const ZERO: string = '0'.repeat(40)
export const OLD: string = '1'.repeat(40)
export const NEW: string = '2'.repeat(40)

/** A hold that a test can change. */
export type FakeHold = { -readonly [Key in keyof Hold]: Hold[Key] } & {
  approved: HoldApproval[]
  patches: (Patch | Error)[]
  /** What policy would say. */
  policy: (shown: Shown, batch: boolean) => readonly HoldWay[]
}

/** `Holds` in memory, as the pages look at it. */
export interface FakeHolds extends Holds {
  add(more: Partial<FakeHold> & { account: AccountId }): FakeHold
  /** Change a hold and tell who watches. */
  become(hold: FakeHold, more: Partial<FakeHold>): void
  readonly watchers: number
}

const LETTERS = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'

export function fakeHolds(now: () => number, portal: string): FakeHolds {
  const all: FakeHold[] = []
  const watching = new Set<{ account: AccountId; changed: () => void }>()
  let n = 0

  function tell(account: AccountId): void {
    for (const watcher of [...watching]) if (watcher.account === account) watcher.changed()
  }
  const holds: FakeHolds = {
    add(more) {
      n++
      const tail = [...String(n).padStart(4, '0')].map((digit) => LETTERS[Number(digit) + 8]).join('')
      const updates: readonly RefUpdate[] = more.updates ?? [
        { before: OLD, after: NEW, ref: 'refs/heads/main' },
      ]
      const hold: FakeHold = {
        code: `7FQK-${tail}`,
        repo: { id: 3, owner: 'acme', name: 'app' },
        part: 'code',
        updates,
        pushOptions: [],
        certificate: writeHeldCertificate(
          { name: 'alice', portal, time: now() },
          { pushee: 'http://127.0.0.1:3000/acme/app.git', nonce: `n${n}`, pushOptions: [], updates },
        ),
        client: { address: '127.0.0.1', userAgent: 'git/2.47.3' },
        createdAt: now() - 5000,
        expiresAt: now() + 9 * 60_000,
        why: 'pushes-need-a-touch',
        state: 'waiting',
        said: null,
        people: 0,
        ask: null,
        landing: undefined,
        approved: [],
        patches: [],
        policy: () => [],
        ways: (shown, batch) => hold.policy(shown, batch),
        async patch(ref, bytes) {
          const patch = hold.patches[ref]
          if (!patch || patch instanceof Error) throw patch ?? new Error('no patch')
          return within(patch, bytes)
        },
        approve(approval) {
          if (hold.state !== 'waiting')
            return refusal('proof-invalid', 'This push no longer waits for an approval.')
          hold.approved.push(approval)
          holds.become(hold, { state: 'approved' })
          return undefined
        },
        refuse(why) {
          if (hold.state !== 'waiting' && hold.state !== 'receiving')
            return refusal('proof-invalid', 'This push no longer waits for an approval.')
          holds.become(hold, { state: 'refused', said: why })
          return undefined
        },
        ...more,
      }
      all.push(hold)
      tell(hold.account)
      return hold
    },
    become(hold, more) {
      Object.assign(hold, more)
      tell(hold.account)
    },
    get watchers() {
      return watching.size
    },
    byCode(account, code) {
      const bare = code.toUpperCase().replace(/[^A-Z0-9]/g, '')
      return all.find((hold) => hold.account === account && hold.code.replace('-', '') === bare)
    },
    waiting: (account) =>
      all.filter(
        (hold) => hold.account === account && (hold.state === 'waiting' || hold.state === 'receiving'),
      ),
    watch(account, changed) {
      const watcher = { account, changed }
      watching.add(watcher)
      return () => void watching.delete(watcher)
    },
  }
  return holds
}

/** Whole files until `bytes` are used up, as git's patch is cut. */
function within(patch: Patch, bytes: number): Patch {
  let left = bytes
  const files: PatchFile[] = []
  for (const file of patch.files) {
    if (left <= 0) return { files, cut: true }
    left -= file.hunks.flatMap(({ lines }) => lines).reduce((sum, { text }) => sum + text.length + 1, 0)
    files.push(file)
  }
  return { files, cut: patch.cut }
}

export const states: readonly HoldState[] = [
  'receiving',
  'waiting',
  'approved',
  'landed',
  'rejected',
  'refused',
  'expired',
  'gone',
  'revoked',
  'unusable',
  'closed',
]

export function commit(message: string, more: Partial<CommitText> = {}): CommitText {
  const author = { name: 'Alice', email: 'alice@example.com', time: 1_795_500_000 }
  return {
    id: '3f1c9a7be04d5526'.padEnd(40, '8'),
    parents: [OLD],
    author,
    committer: author,
    message,
    messageCut: false,
    ...more,
  }
}

export function change(path: string, more: Partial<FileChange> = {}): FileChange {
  return { path, from: null, status: 'modified', modes: ['100644', '100644'], added: 1, removed: 1, ...more }
}

/** A hunk from lines with their sign: `' same'`, `'+added'`, `'-removed'`. */
export function hunk(lines: readonly string[], start = 1, heading = ''): Hunk {
  const kind = { ' ': 'same', '+': 'added', '-': 'removed', '\\': 'no-newline' } as const
  return {
    before: { start, lines: lines.filter((line) => ' -'.includes(line[0]!)).length },
    after: { start, lines: lines.filter((line) => ' +'.includes(line[0]!)).length },
    heading,
    lines: lines.map((line) => ({
      kind: kind[line[0] as ' ' | '+' | '-' | '\\'],
      text: line.slice(1),
      cut: false,
    })),
  }
}

export function landed(refs: readonly Partial<RefLanding>[], more: Partial<Landing> = {}): Landing {
  return {
    refs: refs.map((ref) => ({
      update: { before: OLD, after: NEW, ref: 'refs/heads/main' },
      move: 'forward',
      tag: null,
      gains: { commits: [], total: 0 },
      loses: { commits: [], total: 0 },
      files: null,
      ...ref,
    })),
    shown: 'diff',
    missing: [],
    ...more,
  }
}

/** A small push: one commit, one file of one hunk, all of it visible. */
export function small(): Pick<FakeHold, 'landing' | 'patches'> {
  const file = change('src/main.ts', { added: 1, removed: 1 })
  return {
    landing: landed([
      {
        gains: { commits: [commit('fix: say what failed\n\nThe error had no words.')], total: 1 },
        files: { files: [file], total: 1, added: 1, removed: 1 },
      },
    ]),
    patches: [
      {
        files: [
          {
            change: file,
            hunks: [hunk([' const a = 1', '-const b = 2', '+const b = 3'], 10, 'function main()')],
          },
        ],
        cut: false,
      },
    ],
  }
}
