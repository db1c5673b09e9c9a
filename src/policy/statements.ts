import { err, ok, type Result } from '../core/result.ts'

/** One policy of a file. Together the texts of a file's statements are the whole file: Cedar reads every byte. */
export interface Statement {
  readonly text: string
  /** Lines from 1: of the first character of `text`, and of its first token. */
  readonly fromLine: number
  readonly line: number
}

export interface Unfit {
  readonly line: number
  readonly why: string
}

// Cedar's parser recurses: about 140 brackets, or some thousand operators in a row, end its instance for good.
const MAX_DEPTH = 64
const MAX_OPERATORS = 1000

/**
 * Cut policy text at the semicolons that end its policies and refuse what Cedar's parser would not survive. Strings and
 * comments are read exactly as Cedar's lexer does (a carriage return ends a comment, too), else they could hide nesting.
 */
export function splitStatements(text: string): Result<Statement[], Unfit> {
  const found: Statement[] = []
  let from = 0
  let first = -1
  let depth = 0
  let ifs = 0
  let operators = 0
  const lineAt = lineCounter(text)
  const unfit = (at: number, why: string): Result<never, Unfit> => err({ line: lineAt(at), why })
  const cut = (end: number): void => {
    found.push({ text: text.slice(from, end), fromLine: lineAt(from), line: lineAt(first) })
    from = end
    first = -1
    ifs = 0
    operators = 0
  }
  // administrator's text: limits before meaning
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!
    if (char === '/' && text[at + 1] === '/') {
      at = endOf(COMMENT, text, at) - 1
      continue
    }
    if (WHITE.test(char)) continue
    if (first === -1) first = at
    if (char === '"') {
      const end = endOf(STRING, text, at)
      if (end === at) return unfit(at, 'a string does not end')
      at = end - 1
    } else if (WORD_START.test(char)) {
      const end = endOf(WORD, text, at)
      if (text.slice(at, end) === 'if') ifs++
      at = end - 1
    } else if ('([{'.includes(char)) {
      depth++
      operators++
    } else if (')]}'.includes(char)) depth = Math.max(0, depth - 1)
    else if ('&|+-*.!'.includes(char)) operators++
    else if (char === ';' && depth === 0) cut(at + 1)
    if (depth + ifs > MAX_DEPTH) return unfit(at, `nested deeper than ${MAX_DEPTH}`)
    if (operators > MAX_OPERATORS) return unfit(at, 'too many operators in one policy')
  }
  if (first !== -1) cut(text.length)
  const last = found.at(-1)
  if (last) found[found.length - 1] = { ...last, text: last.text + text.slice(from) }
  return ok(found)
}

const WHITE = /\s/
const COMMENT = /\/\/[^\n\r]*/y
const WORD_START = /[A-Za-z_]/
const WORD = /\w+/y
// No alternation under the star: it would exhaust the stack on a long string.
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y

/** Where `pattern` ends when it matches at `at`; `at` when it does not. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

/** Line of the character at `at` (UTF-16 units), from 1. */
export function lineOf(text: string, at: number): number {
  return lineCounter(text)(at)
}

/** {@link lineOf} for places that only go forward: a long text is then walked once, not once for every policy. */
function lineCounter(text: string): (at: number) => number {
  let line = 1
  let next = text.indexOf('\n')
  return (at) => {
    for (; next !== -1 && next < at; next = text.indexOf('\n', next + 1)) line++
    return line
  }
}
