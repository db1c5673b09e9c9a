import { err, ok, type Result } from './result.ts'

/** What a body may hold: JSON as RFC 8259 has it, and of that only what every reader takes alike (I-JSON, RFC 7493). */
export type StrictJson = string | number | boolean | null | readonly StrictJson[] | JsonObject
export type JsonObject = ReadonlyMap<string, StrictJson>

const MAX_DEPTH = 8
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Read one JSON object: UTF-8, no member twice however it is spelled (readers that fold case would take one for another),
 * whole numbers that are exact everywhere, no NUL, no lone surrogate, nothing behind it. Never throws.
 */
export function parseStrictJson(bytes: Uint8Array): Result<JsonObject, 'malformed'> {
  // `bytes` are the attacker's.
  try {
    const cursor = new Cursor(utf8.decode(bytes))
    const value = cursor.value(0)
    cursor.end()
    return value instanceof Map ? ok(value) : err('malformed')
  } catch {
    return err('malformed')
  }
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?![0-9.eE+-])/y
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\u0000-\u001f]*)*"/y
const SPACE = /[ \t\r\n]*/y

class Cursor {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): StrictJson {
    if (depth > MAX_DEPTH) throw new SyntaxError('too deep')
    this.#take(SPACE)
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth)
      case '[':
        return this.#array(depth)
      case '"':
        return this.#string()
      case 't':
        return this.#word('true', true)
      case 'f':
        return this.#word('false', false)
      case 'n':
        return this.#word('null', null)
      default:
        return this.#number()
    }
  }

  end(): void {
    this.#take(SPACE)
    if (this.#at !== this.#text.length) throw new SyntaxError('more follows')
  }

  #object(depth: number): JsonObject {
    const members = new Map<string, StrictJson>()
    const folded = new Set<string>()
    this.#at++
    if (this.#is('}')) return members
    do {
      this.#take(SPACE)
      const name = this.#string()
      if (folded.has(name.toLowerCase())) throw new SyntaxError('a member twice')
      folded.add(name.toLowerCase())
      if (!this.#is(':')) throw new SyntaxError('no colon')
      members.set(name, this.value(depth + 1))
    } while (this.#is(','))
    if (!this.#is('}')) throw new SyntaxError('no end')
    return members
  }

  #array(depth: number): readonly StrictJson[] {
    const items: StrictJson[] = []
    this.#at++
    if (this.#is(']')) return items
    do items.push(this.value(depth + 1))
    while (this.#is(','))
    if (!this.#is(']')) throw new SyntaxError('no end')
    return items
  }

  #string(): string {
    const text = JSON.parse(this.#take(STRING)) as string
    if (text.includes('\0') || !text.isWellFormed()) throw new SyntaxError('no text')
    return text
  }

  #number(): number {
    const text = this.#take(NUMBER)
    const value = Number(text)
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new SyntaxError('not exact')
    return value
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw new SyntaxError('no word')
    this.#at += word.length
    return value
  }

  /** Space, then this sign, if it is there. */
  #is(sign: string): boolean {
    this.#take(SPACE)
    if (this.#text[this.#at] !== sign) return false
    this.#at++
    return true
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (!found) throw new SyntaxError('unexpected')
    this.#at += found[0].length
    return found[0]
  }
}
