import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change } from '../core/action/change.ts'
import type { Field } from '../core/action/field.ts'
import type { Verb } from '../core/action/verbs.ts'
import type { CommitWays } from '../upstream/forge.ts'
import { planCommit } from './plan-commit.ts'

const [TIP, OLD, NEW] = ['1', '2', '3'].map((digit) => digit.repeat(40)) as [string, string, string]
const ways = {
  message: ({ verb }: Change) => `${verb}  \n\n\n`,
  content: (_: Change, text: string) => text.replaceAll('\r', ''),
} as unknown as CommitWays
const made: readonly Field[] = [
  ['author', 'Alice <alice@example.com>'],
  ['time', '2026-11-24T16:00:00Z'],
]
const change = (verb: Verb, stated: readonly Field[], bound: readonly Field[] = made): Change => ({
  verb,
  where: { repo: null, org: null },
  fields: [['content', 'a\r\n']],
  stated: [...stated, ['tip', TIP], ...bound],
  sentence: '',
})
const put = (path: string, mode = '100644') => ({ path, mode, id: NEW, content: Buffer.from('a\n') })

for (const [name, verb, stated, files] of [
  [
    'a new file',
    'file.create',
    [
      ['path', 'a'],
      ['new-blob', NEW],
    ],
    { removes: [], puts: [put('a')] },
  ],
  [
    'a program that stays one',
    'file.edit',
    [
      ['path', 'a'],
      ['file', 'a'],
      ['blob', OLD],
      ['mode', '100755'],
      ['new-blob', NEW],
    ],
    { removes: [], puts: [put('a', '100755')] },
  ],
  [
    'a file that moves',
    'file.edit',
    [
      ['path', 'b'],
      ['file', 'a'],
      ['blob', OLD],
      ['mode', '100644'],
      ['new-blob', NEW],
    ],
    { removes: ['a'], puts: [put('b')] },
  ],
  [
    'a file that goes',
    'file.delete',
    [
      ['file', 'a'],
      ['blob', OLD],
    ],
    { removes: ['a'], puts: [] },
  ],
  [
    'a page that is renamed',
    'wiki.update',
    [
      ['title', 'B'],
      ['file', 'A.md'],
      ['blob', OLD],
      ['mode', '100644'],
      ['new-file', 'B.md'],
      ['new-blob', NEW],
    ],
    { removes: ['A.md'], puts: [put('B.md')] },
  ],
] as const)
  test(`the plan of ${name}`, () => {
    assert.deepEqual(planCommit(change(verb, stated), ways, []), {
      parent: TIP,
      ...files,
      person: { name: 'Alice', email: 'alice@example.com' },
      time: Date.UTC(2026, 10, 24, 16),
      message: verb,
    })
  })

test('the plan of uploaded files: each in the folder, and none taken away', () => {
  const staged = [{ id: 'u', name: 'x.png', size: 1, blob: NEW, sha256: '', file: '/tmp/u' }]
  for (const [folder, path] of [
    ['', 'x.png'],
    ['docs/a', 'docs/a/x.png'],
  ] as const) {
    const { removes, puts } = planCommit(
      change('file.upload', [...(folder === '' ? [] : [['path', folder] as const]), ['file', 'u']]),
      ways,
      staged,
    )
    assert.deepEqual([removes, puts], [[], [{ path, mode: '100644', id: NEW, content: { file: '/tmp/u' } }]])
  }
})

test('no plan of what was not bound', () => {
  for (const bound of [[], made.slice(0, 1), made.slice(1), [['author', 'Alice'], made[1]!]] as Field[][])
    assert.throws(() => planCommit(change('file.delete', [['file', 'a']], bound), ways, []))
})
