/** Header lists are flat: name, value, name, value, ... as Node and undici both take them. */
export type HeaderList = string[]

// RFC 9110 section 7.6.1 and the fields that older peers treat alike. `te` and `trailer` describe one hop's framing.
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
const NO_NAMES: ReadonlySet<string> = new Set()

/** Whether a field, by its lower-case name, belongs to one hop. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name)
}

/** Names that a `Connection` field makes hop-by-hop (RFC 9110 section 7.6.1). */
export function namedByConnection(raw: readonly string[]): ReadonlySet<string> {
  let names: Set<string> | undefined
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]!.length === 10 && raw[i]!.toLowerCase() === 'connection') {
      const value = raw[i + 1]!
      if (value === 'keep-alive' || value === 'close') continue
      names ??= new Set()
      for (const name of value.split(',')) names.add(name.trim().toLowerCase())
    }
  }
  return names ?? NO_NAMES
}

/** The end-to-end fields of a message, without those in `drop` (lower case). Order and spelling are kept. */
export function endToEnd(raw: readonly string[], drop: ReadonlySet<string>): HeaderList {
  const named = namedByConnection(raw)
  const out: HeaderList = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase()
    if (HOP_BY_HOP.has(name) || drop.has(name) || named.has(name)) continue
    out.push(raw[i]!, raw[i + 1]!)
  }
  return out
}

/** The value of a field in a flat list; the first one wins. `name` in lower case. */
export function headerValue(list: readonly string[], name: string): string | undefined {
  for (let i = 0; i < list.length; i += 2) {
    if (list[i]!.length === name.length && list[i]!.toLowerCase() === name) return list[i + 1]
  }
  return undefined
}

/** undici hands response fields over as bytes; RFC 9110 section 5.5 makes them opaque beyond ASCII. */
export function decodeRaw(raw: readonly (Buffer | string)[]): HeaderList {
  return raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')))
}
