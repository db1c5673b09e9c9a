import type { FakeHold } from './fake-holds.ts'
import { change, commit, hunk, landed, NEW, OLD, small, ZERO } from './fake-holds.ts'
import type { FakePortal } from './fake-portal.ts'
import type { Seeded } from './people.ts'

// Held pushes as people meet them, for screenshots and page tests.

/** One forward push of two commits and three files. */
export function ordinary(fake: FakePortal, { alice, key }: Seeded): FakeHold {
  const server = change('src/server/session.ts', { added: 9, removed: 3 })
  const test = change('src/server/session.test.ts', {
    status: 'added',
    modes: ['000000', '100644'],
    added: 4,
    removed: 0,
  })
  const update = {
    before: '41d7c20e9b63'.padEnd(40, '7'),
    after: 'c41d0be7a95f'.padEnd(40, '3'),
    ref: 'refs/heads/main',
  }
  return fake.holds.add({
    account: alice.id,
    updates: [update],
    client: { address: '127.0.0.1', userAgent: 'git/2.47.3' },
    policy: () => [{ device: key, uv: false }],
    landing: landed([
      {
        update,
        gains: {
          commits: [
            commit(
              'session: end at logout, not at the next request\n\nA session that ended in the portal was honoured once more by\nevery open page. It is asked for each time now.\n',
              { id: 'c41d0be7a95f'.padEnd(40, '3') },
            ),
            commit('test: a session that ended opens nothing', { id: '9be2771fd03c'.padEnd(40, '5') }),
          ],
          total: 2,
        },
        files: { files: [server, test], total: 2, added: 13, removed: 3 },
      },
    ]),
    patches: [
      {
        cut: false,
        files: [
          {
            change: server,
            hunks: [
              hunk(
                [
                  ' export function open(secret: string, now: number): Session | undefined {',
                  '   const session = byHash.get(sha256(secret))',
                  '-  if (!session || session.endsAt < now) return undefined',
                  '-  return session',
                  '+  if (!session) return undefined',
                  '+  // Asked each time: what ended a moment ago opens nothing.',
                  '+  const alive = session.endsAt > now && !ended.has(session.id)',
                  '+  return alive ? session : undefined',
                  ' }',
                ],
                41,
                'const byHash = new Map<string, Session>()',
              ),
              hunk(
                [
                  ' ',
                  ' export function end(id: SessionId): void {',
                  '-  queue.push(id)',
                  '+\tended.add(id)  ',
                  '+\tfor (const page of open.get(id) ?? []) page.close()',
                  "+\tlog.info({ session: id }, 'ended')",
                  '+\tqueue.push(id)',
                  ' }',
                ],
                96,
                'export function touch(id: SessionId): void {',
              ),
            ],
          },
          {
            change: test,
            hunks: [
              hunk([
                "+test('a session that ended opens nothing', () => {",
                '+  end(session.id)',
                '+  assert.equal(open(secret, now), undefined)',
                '+})',
              ]),
            ],
          },
        ],
      },
    ],
  })
}

/** Three refs at once: one rewritten, one deleted, one new tag; something could not be worked out. */
export function dangerous(fake: FakePortal, { alice, key }: Seeded): FakeHold {
  const updates = [
    { before: OLD, after: NEW, ref: 'refs/heads/main' },
    { before: OLD, after: ZERO, ref: 'refs/heads/release/2026-10' },
    { before: ZERO, after: NEW, ref: 'refs/tags/v2.0' },
  ]
  const file = change('deploy/run.sh', { added: 2, removed: 1, modes: ['100644', '100755'] })
  const lost = [
    commit('deploy: ask before a roll-back', { id: '77aa01'.padEnd(40, '1') }),
    commit('deploy: keep three releases', {
      id: '5e10c2'.padEnd(40, '2'),
      author: { name: 'Bob', email: 'bob@example.com', time: 1_795_400_000 },
    }),
  ]
  return fake.holds.add({
    account: alice.id,
    repo: { id: 4, owner: 'acme', name: 'payments' },
    updates,
    client: { address: '203.0.113.9', userAgent: 'git/2.39.5' },
    pushOptions: ['ci.skip'],
    why: 'critical-repositories',
    policy: (shown) => (shown === 'diff' ? [{ device: key, uv: true }] : []),
    landing: landed(
      [
        {
          update: updates[0]!,
          move: 'rewrite',
          gains: { commits: [commit('deploy: simpler', { id: 'd00d1e'.padEnd(40, '4') })], total: 1 },
          loses: { commits: lost, total: 2 },
          files: { files: [file], total: 1, added: 2, removed: 1 },
        },
        { update: updates[1]!, move: 'delete', loses: { commits: [], total: 3 } },
        {
          update: updates[2]!,
          move: 'create',
          tag: {
            name: 'v2.0',
            target: NEW,
            tagger: { name: 'Alice', email: 'alice@example.com', time: 1_795_500_000 },
            message: 'Second release',
            messageCut: false,
          },
        },
      ],
      { shown: 'commits', missing: ['The commits of release/2026-10 could not be read in time.'] },
    ),
    patches: [
      {
        cut: false,
        files: [
          {
            change: file,
            hunks: [
              hunk([
                ' #!/bin/sh',
                '-confirm "$1" || exit 1',
                '+if [ "$USER" = "\u0430dmin" ]; then \u202esdrawkcab',
                '+exec ./roll-back "$1"\r',
                '\\',
              ]),
            ],
          },
        ],
      },
    ],
  })
}

/** Some that could be approved together. */
export function several(fake: FakePortal, { alice, key }: Seeded): readonly FakeHold[] {
  return ['api', 'web', 'docs'].map((name, i) =>
    fake.holds.add({
      account: alice.id,
      repo: { id: 10 + i, owner: 'acme', name },
      policy: () => [{ device: key, uv: false }],
      ...small(),
    }),
  )
}
