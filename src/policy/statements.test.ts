import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { lineOf, splitStatements } from './statements.ts'

const PERMIT = 'permit (principal, action, resource)'

function texts(text: string): string[] {
  const split = splitStatements(text)
  assert.ok(split.ok)
  return split.value.map((statement) => statement.text)
}

describe('policy text is refused before its parser sees it', () => {
  const nested = `${'('.repeat(65)}true${')'.repeat(65)}`
  const refused: readonly [string, string, RegExp][] = [
    ['brackets', `when { ${nested} }`, /nested deeper than 64/],
    ['brackets of every kind', '({['.repeat(22), /nested deeper/],
    ['conditionals', 'if true then true else '.repeat(65), /nested deeper/],
    ['brackets that closers before them would hide', `${')'.repeat(300)}${nested}`, /nested deeper/],
    ['brackets in what only looks like a comment', `// \r${nested}`, /nested deeper/],
    ['brackets after a string with escapes', `"\\"" ${nested}`, /nested deeper/],
    ['a string without an end', `${PERMIT} when { "( };`, /a string does not end/],
    ['operators in a row', Array(1002).fill('1').join('+'), /too many operators/],
    ['indexes in a row', `context${'["x"]'.repeat(1001)}`, /too many operators/],
  ]
  for (const [name, text, why] of refused) {
    test(name, () => {
      const split = splitStatements(`\n${text}`)
      assert.ok(!split.ok)
      assert.match(split.error.why, why)
      assert.equal(split.error.line, 2)
    })
  }
})

describe('policy text is cut at the ends of its policies', () => {
  test('brackets, semicolons and quotes in strings and comments are none', () => {
    const text = `// a; "(((${'('.repeat(80)}\n@id("b; ${'('.repeat(80)} \\" // ") ${PERMIT};`
    assert.deepEqual(texts(text), [text])
  })
  test('every statement knows its line', () => {
    const split = splitStatements(`// first\n${PERMIT};\n\n\n  ${PERMIT}; ${PERMIT};\n`)
    assert.ok(split.ok)
    assert.deepEqual(
      split.value.map(({ fromLine, line }) => [fromLine, line]),
      [
        [1, 2],
        [2, 5],
        [5, 5],
      ],
    )
  })
  test('what follows the last semicolon is judged too', () => {
    assert.deepEqual(texts('a; b'), ['a;', ' b'])
    assert.deepEqual(texts('a; // b'), ['a; // b'])
    assert.deepEqual(texts(' // nothing'), [])
  })
  test('a megabyte of escapes in a string is read in one go', () => {
    const text = `"${'\\"'.repeat(500_000)}"`
    assert.deepEqual(texts(text), [text])
  })
  test('never throws, and loses no token of any text', () => {
    const piece = fc.constantFrom(
      '"',
      '\\',
      '//',
      '\n',
      '\r',
      ';',
      '(',
      ')',
      '{',
      '}',
      'if',
      'é',
      ' ',
      'a',
      '&&',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const text = pieces.join('')
        const split = splitStatements(text)
        if (!split.ok) return
        const whole = split.value.map((statement) => statement.text).join('')
        assert.ok(whole === text || /^(?:\s|\/\/[^\n\r]*)*$/.test(text))
        for (const { fromLine, line } of split.value)
          assert.ok(fromLine <= line && line <= lineOf(text, text.length))
      }),
    )
  })
})
