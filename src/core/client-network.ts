/**
 * One name for a caller: whoever has one IPv6 address has the 2^64 of its network (RFC 4291 section 2.5.4, RFC 6177), and an
 * IPv4 address is the same caller when it comes in IPv6 clothes (RFC 4291 section 2.5.5.2). Text that is no address ends in
 * some network, too.
 */
export function clientNetwork(address: string): string {
  if (!address.includes(':')) return address
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)
  return mapped ? mapped[1]! : network64(address)
}

/** The first four groups, written in full. */
function network64(address: string): string {
  const [head = '', tail = ''] = address.toLowerCase().split('::', 2)
  const before = head === '' ? [] : head.split(':')
  const after = tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0')
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`
}
