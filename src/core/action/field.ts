/** One named value of a change, exactly as it will be carried out. */
export type Field = readonly [key: string, value: string]

/** How a form's text becomes a field's value and back. A value has one spelling: `accept(send(v))` is `v`. */
export interface FieldKind {
  /** The value that this text means; undefined when it is none. Never called with empty text. */
  accept(text: string): string | undefined
  /** The text that means `value`; undefined when that is said by sending nothing. */
  send(value: string): string | undefined
  /** What the value is when nothing was sent; undefined when the field is then left out. */
  readonly unsent?: string
  /** What a person is told it must be: "must be ...". */
  readonly must: string
}

/** One field of a change: its name in statements, its name in the form, what it may hold. */
export interface FieldSpec {
  /** Lower-case letters and dashes, as in a statement. */
  readonly key: string
  /** The name in the form, exactly; the forge tells upper case from lower. */
  readonly name: string
  readonly kind: FieldKind
  readonly required: boolean
  /** A secret or a long text stands in statement and ledger as its digest alone. */
  readonly stated: 'value' | 'digest'
  /** Sent once for each value; values rise, and none comes twice. */
  readonly list: boolean
  /** Only there when the field `key`, which comes before, has this value. */
  readonly when: Field | undefined
}

interface More {
  readonly name?: string
  readonly required?: boolean
  readonly digest?: boolean
  readonly list?: boolean
  readonly when?: Field
}

/** A field; `name` is the key with underscores unless given. */
export function field(key: string, kind: FieldKind, more: More = {}): FieldSpec {
  const { name = key.replaceAll('-', '_'), required = false, digest = false, list = false, when } = more
  return { key, name, kind, required, stated: digest ? 'digest' : 'value', list, when }
}

const same = { send: (value: string): string => value }

/** A value that `is` tells from what is none; sent as it is. */
export function exactly(must: string, is: (text: string) => boolean): FieldKind {
  return { accept: (text) => (is(text) ? text : undefined), ...same, must }
}

/** One line of text, at most `max` characters (code points). */
export function line(max: number): FieldKind {
  return exactly(
    `one line of at most ${max} characters`,
    (text) => !/\p{Cc}/u.test(text) && atMost(text, max),
  )
}

/** Text of any lines, at most `max` characters (code points), carried byte by byte. */
export function lines(max: number): FieldKind {
  return exactly(`text of at most ${max} characters`, (text) => !text.includes('\0') && atMost(text, max))
}

/** A whole number in its one spelling. */
export function number(least: number, most: number): FieldKind {
  return exactly(
    `a number from ${least} to ${most}`,
    (text) =>
      /^-?[0-9]{1,16}$/.test(text) &&
      String(Number(text)) === text &&
      Number(text) >= least &&
      Number(text) <= most,
  )
}

/** The forge's numeric id of something. */
export const ID: FieldKind = exactly('a number of the forge', (text) => /^[1-9][0-9]{0,17}$/.test(text))

/** Numbers of the forge, with commas between. */
export const IDS: FieldKind = exactly('numbers of the forge', (text) =>
  /^[1-9][0-9]{0,17}(?:,[1-9][0-9]{0,17}){0,199}$/.test(text),
)

/** A checkbox, or a pair of radio buttons; `no` is said by sending nothing, and stands in the fields all the same. */
export const YES_NO: FieldKind = {
  accept: (text) => (text === 'on' || text === 'true' ? 'yes' : text === 'false' ? 'no' : undefined),
  send: (value) => (value === 'yes' ? 'on' : undefined),
  unsent: 'no',
  must: 'a mark',
}

/** A button that was pressed or not; its text is the forge's and depends on the language of its pages. */
export const PRESSED: FieldKind = {
  accept: (text) => (atMost(text, 100) ? 'yes' : undefined),
  send: (value) => (value === 'yes' ? 'on' : undefined),
  unsent: 'no',
  must: 'a button',
}

/** One of a few words: what the form sends, and what that means. Of two texts for one meaning the first is sent. */
export function choice(words: { readonly [sent: string]: string }): FieldKind {
  const meaning = new Map(Object.entries(words))
  const sent = new Map([...meaning].reverse().map(([text, value]) => [value, text]))
  return {
    accept: (text) => meaning.get(text),
    send: (value) => sent.get(value),
    must: `one of ${[...new Set(meaning.values())].join(', ')}`,
  }
}

function atMost(text: string, max: number): boolean {
  if (text.length > 2 * max || !text.isWellFormed()) return false
  let count = 0
  for (const _ of text) count++
  return count <= max
}
