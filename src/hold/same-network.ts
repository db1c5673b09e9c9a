import type { SameNetwork } from './holds.ts'

/**
 * Whether two client addresses are of one network, for asking whether a push and a browser are likely one person's: the same
 * IPv4 /24 or IPv6 /64 (RFC 4291 section 2.5.4), IPv4 also in IPv6 clothes (section 2.5.5.2), and this very machine by any of
 * its loopback addresses. What is no address is of no network.
 */
export const sameNetwork: SameNetwork = (a, b) => {
  const network = networkOf(a)
  return network !== undefined && network === networkOf(b)
}

function networkOf(address: string): string | undefined {
  // `address` is a peer's: a zone names an interface of this machine, not a network.
  const bare = address.replace(/%.*$/, '').toLowerCase()
  const bytes = bare.includes(':') ? bytes6(bare) : bytes4(bare)
  if (!bytes) return undefined
  if (bytes.length === 4) return network4(bytes)
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff
  if (mapped) return network4(bytes.slice(12))
  const loopback = bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1
  return loopback ? network4([127, 0, 0, 1]) : `6 ${bytes.slice(0, 8).join('.')}`
}

function network4(bytes: readonly number[]): string {
  return `4 ${bytes.slice(0, 3).join('.')}`
}

function bytes4(text: string): readonly number[] | undefined {
  if (!/^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/.test(text)) return undefined
  const bytes = text.split('.').map(Number)
  return bytes.every((byte) => byte <= 255) ? bytes : undefined
}

/** RFC 4291 section 2.2: groups, one run of zeros left out, perhaps an IPv4 address at the end. */
function bytes6(text: string): readonly number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half, i) => groups(half, i === halves.length - 1))
  if (!head) return undefined
  if (halves.length === 1) return head.length === 16 ? head : undefined
  if (!tail || head.length + tail.length > 14) return undefined
  return [...head, ...Array.from({ length: 16 - head.length - tail.length }, () => 0), ...tail]
}

function groups(text: string, last: boolean): readonly number[] | undefined {
  if (text === '') return []
  const out: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    const dotted = last && i === parts.length - 1 && part.includes('.') ? bytes4(part) : undefined
    if (dotted) out.push(...dotted)
    else if (/^[0-9a-f]{1,4}$/.test(part))
      out.push(Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255)
    else return undefined
  }
  return out
}
