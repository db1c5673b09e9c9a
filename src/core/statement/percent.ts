// One spelling for bytes in a statement: 0x21 to 0x7E stand for themselves except "%", which like every other byte is
// "%" and two upper-case hex digits (docs/formats/statement.md).

/** Encode a field's bytes; text is taken as UTF-8. */
export function encodeField(value: Uint8Array | string): string {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  let out = ''
  for (const byte of bytes) {
    out +=
      byte > 0x20 && byte < 0x7f && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return out
}

/** Decode; undefined unless `text` is exactly what {@link encodeField} writes for some bytes. */
export function decodeField(text: string): Buffer | undefined {
  if (!/^(?:[\x21-\x24\x26-\x7e]|%[0-9A-F]{2})*$/.test(text)) return undefined
  const bytes = Buffer.from(
    text.replace(/%[0-9A-F]{2}/g, (pair) => String.fromCharCode(Number.parseInt(pair.slice(1), 16))),
    'latin1',
  )
  return encodeField(bytes) === text ? bytes : undefined
}
