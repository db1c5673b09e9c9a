import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { FileChange } from './landing.ts'
import { parsePatch } from './patch.ts'

const change = (path: string, status: FileChange['status'] = 'modified'): FileChange => ({
  path,
  from: null,
  status,
  modes: ['100644', '100644'],
  added: 1,
  removed: 1,
})
const parse = (text: string, changes = [change('a')], more = false) =>
  parsePatch(Buffer.from(text, 'latin1'), changes, more)
const HEAD = 'diff --git a/a b/a\nindex 1..2 100644\n--- a/a\n+++ b/a\n'

describe('a patch', () => {
  test('hunks, headings, ends without a line end', () => {
    const text = `${HEAD}@@ -1,2 +1,2 @@ f() { @@ x\n same\n-old\n\\ No newline at end of file\n+new\n\\ No newline at end of file\n@@ -9 +9,0 @@\n-gone\n`
    assert.deepEqual(parse(text), {
      cut: false,
      files: [
        {
          change: change('a'),
          hunks: [
            {
              before: { start: 1, lines: 2 },
              after: { start: 1, lines: 2 },
              heading: 'f() { @@ x',
              lines: [
                { kind: 'same', text: 'same', cut: false },
                { kind: 'removed', text: 'old', cut: false },
                { kind: 'no-newline', text: ' No newline at end of file', cut: false },
                { kind: 'added', text: 'new', cut: false },
                { kind: 'no-newline', text: ' No newline at end of file', cut: false },
              ],
            },
            {
              before: { start: 9, lines: 1 },
              after: { start: 9, lines: 0 },
              heading: '',
              lines: [{ kind: 'removed', text: 'gone', cut: false }],
            },
          ],
        },
      ],
    })
  })
  test('content that looks like a header is counted, not read', () => {
    const text = `${HEAD}@@ -0,0 +1,3 @@\n+diff --git a/x b/x\n+@@ -1 +1 @@\n+++ b/x\n${HEAD}`
    const { files, cut } = parse(text, [change('a'), change('b')])
    assert.deepEqual(
      files[0]!.hunks[0]!.lines.map((line) => line.text),
      ['diff --git a/x b/x', '@@ -1 +1 @@', '++ b/x'],
    )
    assert.deepEqual(files[1]!.hunks, [])
    assert.equal(cut, false)
  })
  test('files without hunks; a changed type is two', () => {
    const text = `diff --git a/a b/a\nold mode 1\nnew mode 2\ndiff --git a/b b/b\nBinary files a/b and b/b differ\n${HEAD}@@ -1 +0,0 @@\n-x\n${HEAD}@@ -0,0 +1 @@\n+y\n`
    const { files, cut } = parse(text, [change('a'), change('b'), change('c', 'type-changed')])
    assert.deepEqual(
      files.map(({ hunks }) => hunks.length),
      [0, 0, 2],
    )
    assert.equal(cut, false)
  })
  test('cut anywhere: never taken for whole, and no line is half', () => {
    const text = `${HEAD}@@ -1,2 +1,2 @@\n one\n-two\n+2\n${HEAD}@@ -1 +1 @@\n-three\n+3\n`
    const changes = [change('a'), change('b')]
    const whole = parse(text, changes)
    assert.equal(whole.cut, false)
    for (let end = 0; end < text.length; end++) {
      const { files, cut } = parse(text.slice(0, end), changes, true)
      assert.ok(cut, String(end))
      for (const [i, file] of files.entries())
        for (const [j, hunk] of file.hunks.entries()) assert.deepEqual(hunk, whole.files[i]!.hunks[j])
    }
  })
  test('what is no patch is cut, also when git had no more to say', () => {
    for (const text of [
      'x\n',
      `${HEAD}@@ x\n`,
      `${HEAD}@@ -1,5 +1 @@\n-a\n`,
      `${HEAD}@@ -1 +1 @@\nx\n`,
      `${HEAD}@@ -1 +0,0 @@\n+a\n`,
      `${HEAD}more\n${HEAD}`,
    ])
      assert.ok(parse(text).cut, JSON.stringify(text))
    assert.deepEqual(parse('', []), { files: [], cut: false })
  })
  test('long lines are cut, other bytes replaced, CR kept', () => {
    const { files } = parse(`${HEAD}@@ -0,0 +1,3 @@\n+${'x'.repeat(9000)}\n+\xff\r\n+\x00\n`)
    const [long, bytes, nul] = files[0]!.hunks[0]!.lines
    assert.deepEqual([long!.text.length, long!.cut], [2000, true])
    assert.deepEqual(bytes, { kind: 'added', text: '\ufffd\r', cut: false })
    assert.equal(nul!.text, '\0')
  })
  test('never throws', () => {
    const part = fc.constantFrom(
      HEAD,
      '@@ -1 +1 @@\n',
      '@@ -1,9 +1,9 @@\n',
      '+a\n',
      '-b\n',
      ' c\n',
      '\\ x\n',
      '\n',
      'zz',
      '@@',
    )
    fc.assert(
      fc.property(
        fc.array(part),
        fc.boolean(),
        (parts, more) => void parse(parts.join(''), [change('a'), change('b', 'type-changed')], more),
      ),
    )
  })
})
