// Names are other people's text. Whatever can hide, reorder or imitate is made visible before it reaches a page.

/** A stretch of text; `odd` says why it must stand out, null when it is plain. */
export interface Stretch {
  readonly text: string
  readonly odd: string | null
}

// C0, C1 and DEL; soft hyphen; bidirectional controls (Unicode UAX 9 section 2); zero-width, invisible and tag characters
// (UTS 39 section 3.1, "default ignorable"); line separators; object replacement; lone surrogates.
export const HIDDEN: RegExp =
  /\p{Cc}|\p{Cs}|\p{Zl}|\p{Zp}|\p{Default_Ignorable_Code_Point}|[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufff9-\ufffc]/u
/** Why {@link HIDDEN} characters are marked. */
export const HIDDEN_WHY = 'a character that cannot be seen'
const WORD = /[\p{L}\p{M}]+/gu
export const LATIN: RegExp = /\p{Script=Latin}/u
export const LOOK_ALIKE: RegExp =
  /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Cherokee}\p{Script=Armenian}]/u

/**
 * Cut text for display: hidden and reordering characters become `U+202E` and the like, marked; a Cyrillic, Greek, Cherokee or
 * Armenian letter inside a Latin word is marked as a look-alike. Joined, the stretches say everything the text says.
 */
export function stretches(text: string): readonly Stretch[] {
  const odd = oddPositions(text)
  const out: { text: string; odd: string | null }[] = []
  let at = 0
  for (const char of text) {
    const why = odd.get(at) ?? null
    const shown = why !== null && HIDDEN.test(char) ? codePoint(char) : char
    const last = out.at(-1)
    if (last && last.odd === null && why === null) last.text += shown
    else out.push({ text: shown, odd: why })
    at += char.length
  }
  return out
}

/** At most `length` characters of it, with an ellipsis where it was longer. Never half of a surrogate pair. */
export function clip(text: string, length: number): string {
  if (text.length <= length) return text
  const end = /[\ud800-\udbff]/.test(text[length - 1]!) ? length - 1 : length
  return `${text.slice(0, end)}…`
}

/** The same as one plain string, for attributes and titles: hidden characters as `[U+202E]`. */
export function visible(text: string): string {
  return stretches(text)
    .map((part) => (part.odd !== null && part.text.startsWith('U+') ? `[${part.text}]` : part.text))
    .join('')
}

function oddPositions(text: string): Map<number, string> {
  const odd = new Map<number, string>()
  let at = 0
  for (const char of text) {
    if (HIDDEN.test(char)) odd.set(at, HIDDEN_WHY)
    at += char.length
  }
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (!LATIN.test(word) || !LOOK_ALIKE.test(word)) continue
    let inWord = index
    for (const char of word) {
      if (LOOK_ALIKE.test(char)) odd.set(inWord, `a letter of another alphabet, ${codePoint(char)}`)
      inWord += char.length
    }
  }
  return odd
}

/** As Unicode writes it: `U+202E`. */
export function codePoint(char: string): string {
  return `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
}
