// Capabilities of a receive-pack request (gitprotocol-capabilities): words behind the NUL of the first line, each a flag
// or `name=value`.

/** Ours to write again in front of a longer line, so far below a pkt-line. */
const MAX_CAPABILITIES = 8192
const WORD = /^[\x21-\x7e]+$/
const OBJECT_FORMAT = 'object-format='
/**
 * The only ones with a value. git's own reader takes `push-options=x` for the flag `push-options` (connect.c,
 * parse_feature_value): were it let through, the forge would read bytes as push options that we took for the pack.
 */
const VALUED = ['agent=', 'session-id=', OBJECT_FORMAT]

/** The words of a capability list; undefined when git would read them in another way than we do. */
export function parseCapabilities(list: string): readonly string[] | undefined {
  // `list` is attacker-controlled.
  if (list.length > MAX_CAPABILITIES) return undefined
  const words = list.split(' ').filter((word) => word !== '')
  for (const word of words) {
    if (!WORD.test(word)) return undefined
    if (word.includes('=') && !VALUED.some((name) => word.startsWith(name))) return undefined
  }
  return words.filter((word) => word.startsWith(OBJECT_FORMAT)).length > 1 ? undefined : words
}

/** Hex digits of an object id in the format that was agreed on: SHA-1 unless said otherwise; undefined for an unknown one. */
export function idLength(capabilities: readonly string[]): number | undefined {
  const format = capabilities.find((word) => word.startsWith(OBJECT_FORMAT))?.slice(OBJECT_FORMAT.length)
  if (format === undefined || format === 'sha1') return 40
  return format === 'sha256' ? 64 : undefined
}
