import { codePoint, HIDDEN_WHY, LATIN, LOOK_ALIKE } from '../display.ts'

/** Longest line that a page shows, characters; what is longer is cut, and the page says so. */
export const LINE = 2000

const PLAIN = /^[\x20-\x7e]*$/
const ESCAPED: { readonly [char: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
// In order: tabs; what hides or is a blank of another kind, in runs of one character; words, to look for letters of another alphabet in them; marks beyond
// three on one letter, which would paint over the lines around.
const PARTS =
  /(\t+)|(\p{Cc}|\p{Cs}|\p{Zl}|\p{Zp}|\p{Default_Ignorable_Code_Point}|[\u200e\u200f\u061c\ufff9-\ufffc\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800])\2*|((?:(?!\p{Default_Ignorable_Code_Point})\p{L}(?:(?!\p{Default_Ignorable_Code_Point})\p{M}){0,3})+)|((?:(?!\p{Default_Ignorable_Code_Point})\p{M})+)/gu

function inert(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ESCAPED[char]!)
}

/**
 * A line of code as HTML, escaped, on the way to a page as it is. Every control, reordering and invisible character is marked, always;
 * of a word that mixes alphabets there is one mark, so that code does not drown in them. Trailing blanks, tabs and a
 * carriage return at the end can be seen without standing out. `text` is other people's.
 */
export function codeLine(text: string): string {
  const line = text.length > LINE ? text.slice(0, LINE) : text
  const blank = /[ \t]*\r?$/.exec(line)![0]
  const body = blank === '' ? line : line.slice(0, line.length - blank.length)
  const marked = PLAIN.test(body) ? inert(body) : marks(body)
  return blank === '' ? marked : marked + trailing(blank)
}

function trailing(blank: string): string {
  const spaces = blank.endsWith('\r') ? blank.slice(0, -1) : blank
  const shown = spaces === '' ? '' : `<i class="blank" title="blanks at the end of the line">${spaces}</i>`
  return spaces === blank ? shown : `${shown}<i class="cr" title="carriage return">CR</i>`
}

function marks(text: string): string {
  let out = ''
  let at = 0
  for (const match of text.matchAll(PARTS)) {
    const [all, tabs, hidden, word, stacked] = match
    out += inert(text.slice(at, match.index))
    at = match.index + all.length
    if (tabs !== undefined) out += `<i class="tab">${tabs}</i>`
    else if (hidden !== undefined)
      out += odd(times(codePoint(hidden), all.length / hidden.length), HIDDEN_WHY)
    else if (stacked !== undefined)
      out += odd(times(codePoint(stacked), [...stacked].length), 'stacked marks')
    else out += LATIN.test(word!) && LOOK_ALIKE.test(word!) ? odd(inert(word!), mixed(word!)) : inert(word!)
  }
  return out + inert(text.slice(at))
}

function odd(html: string, why: string): string {
  return `<span class="odd" title="${why}">${html}</span>`
}

function times(what: string, n: number): string {
  return n === 1 ? what : `${what} ×${n}`
}

function mixed(word: string): string {
  const letters = new Set([...word].filter((char) => LOOK_ALIKE.test(char)).map(codePoint))
  return `letters of another alphabet: ${[...letters].slice(0, 4).join(' ')}`
}
