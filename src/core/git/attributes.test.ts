import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { setsMerge } from './attributes.ts'

test('what says how files are merged is found', () => {
  for (const line of [
    '*.txt merge=union',
    '*.txt -merge',
    '*.txt merge',
    '*.txt !merge',
    '*.txt text=auto\tmerge=ours eol=lf',
    '"a b.txt" merge=union',
    '"a b.txt"merge=union',
    '"a b.txt"-merge',
    '[attr]mine merge=union',
    '[attr]binary merge=union',
    '*.txt merge=union\r',
    '  *.txt merge=',
  ])
    for (const text of [line, `# one\n${line}\n`, `*.png binary\n${line}`]) assert.ok(setsMerge(text), text)
})

test('and what does not is let be', () => {
  for (const text of [
    '',
    '# *.txt merge=union',
    '*.png binary',
    '*.txt text eol=lf\n*.c diff=cpp\n',
    'merged.txt text',
  ])
    assert.ok(!setsMerge(text), text)
})

test('any line with such a word at its end is found, whatever stands before', () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !text.includes('#')),
      (before) => setsMerge(`${before} merge=union`),
    ),
  )
})
