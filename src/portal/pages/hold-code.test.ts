import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyText } from '../../../test/support/any-text.ts'
import { codeLine, LINE } from './hold-code.ts'

const text = (html: string): string =>
  html
    .replace(/<[^>]+>/g, '')
    .replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) =>
      name === 'amp' ? '&' : name === 'lt' ? '<' : name === 'gt' ? '>' : name === 'quot' ? '"' : "'",
    )

test('plain code stays as it is, escaped', () => {
  assert.equal(codeLine('if (a < b && c > "d") {'), 'if (a &lt; b &amp;&amp; c &gt; &quot;d&quot;) {')
  for (const line of ['const größe = 1', '// ключ', '鍵 = 1', 'naïve café', ''])
    assert.equal(codeLine(line), line)
})

test('markup is text', () => {
  assert.equal(codeLine('<script>x</script>'), '&lt;script&gt;x&lt;/script&gt;')
  assert.equal(codeLine('é<img src=x>'), 'é&lt;img src=x&gt;')
})

test('what hides or reorders is marked, always, in runs', () => {
  assert.match(codeLine('a\u202eb'), /^a<span class="odd" title="[^"]+">U\+202E<\/span>b$/)
  assert.match(codeLine('\u001b[31m'), />U\+001B<\/span>\[31m$/)
  assert.match(codeLine('\u200b\u200b\u200bx'), />U\+200B ×3<\/span>x$/)
  assert.match(codeLine('a\u00a0b'), />U\+00A0<\/span>b$/)
  assert.match(codeLine('a\rb'), />U\+000D<\/span>b$/)
  assert.match(codeLine(`e${'\u0301'.repeat(40)}x`), />U\+0301 ×37<\/span>x$/)
})

test('one mark on a word that mixes alphabets, none on words that do not', () => {
  assert.match(
    codeLine('if (p\u0430yp\u0430l)'),
    /^if \(<span class="odd" title="[^"]*U\+0430">p\u0430yp\u0430l<\/span>\)$/,
  )
  assert.equal(codeLine('hello мир'), 'hello мир')
})

test('blanks at the end, tabs and a carriage return can be seen', () => {
  assert.equal(codeLine('a  '), 'a<i class="blank" title="blanks at the end of the line">  </i>')
  assert.equal(codeLine('a\r'), 'a<i class="cr" title="carriage return">CR</i>')
  assert.equal(codeLine('\t\ta'), '<i class="tab">\t\t</i>a')
})

test('a line of a megabyte is cut', () => {
  assert.equal(codeLine('a'.repeat(1 << 20)).length, LINE)
})

test('what cannot be seen is marked within a word, too: fillers and variation selectors count as letters and marks', () => {
  for (const [hidden, name] of [
    ['\u3164', 'U+3164'],
    ['\u{e0100}', 'U+E0100'],
    ['\ufe0f', 'U+FE0F'],
    ['\u034f', 'U+034F'],
  ] as const)
    assert.match(
      codeLine(`user${hidden}name`),
      new RegExp(`user<span class="odd"[^>]*>${name.replace('+', '\\+')}</span>name`),
    )
})

test('whatever the line, it is inert, and nothing invisible is left', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.string()), (line) => {
      const html = codeLine(line)
      const tags = html.match(/<[^>]*>/g) ?? []
      for (const tag of tags)
        assert.match(tag, /^<\/?(?:span|i)(?: class="(?:odd|blank|cr|tab)")?(?: title="[^"<>]*")?>$/)
      assert.doesNotMatch(
        text(html).replaceAll('\t', ''),
        /[\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u202a-\u202e\u2066-\u2069]/u,
      )
      assert.doesNotMatch(html.replace(/<[^>]*>/g, ''), /[<>"']/)
    }),
    { numRuns: 500 },
  )
})
