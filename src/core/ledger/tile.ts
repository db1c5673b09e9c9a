import { err, ok, type Result } from '../result.ts'

// C2SP tlog-tiles v1. A tile of level L holds the hashes of up to 256 complete subtrees of 256^L leaves, from the left; the
// last one of a level is partial, and named with its width:
//   tile/<L>/<N>[.p/<W>]        hashes, 32 bytes each
//   tile/entries/<N>[.p/<W>]    entries, each after its length in two bytes, big-endian
// <N> has three digits a part, and `x` before every part but the last: 1234067 is x001/x234/067.

export const TILE_WIDTH = 256
/** A tree of 2^53 leaves has no tile above. */
const MAX_LEVEL = 6

export interface TileName {
  /** Null for a bundle of entries. */
  readonly level: number | null
  readonly index: number
  /** Hashes or entries in it: 256 for a whole one. */
  readonly width: number
}

/** Read what follows `tile/`. One spelling for each tile. */
export function parseTileName(text: string): Result<TileName, 'malformed'> {
  // `text` is the attacker's.
  const match = /^(entries|0|[1-6])\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(text)
  if (!match) return err('malformed')
  const [, level, path, width] = match as unknown as [string, string, string, string | undefined]
  const index = Number(path.replaceAll(/[x/]/g, ''))
  const wide = width === undefined ? TILE_WIDTH : Number(width)
  if (wide > TILE_WIDTH || (width !== undefined && wide === TILE_WIDTH)) return err('malformed')
  if (!Number.isSafeInteger(index)) return err('malformed')
  const name = { level: level === 'entries' ? null : Number(level), index, width: wide }
  return writeTileName(name) === text ? ok(name) : err('malformed')
}

export function writeTileName({ level, index, width }: TileName): string {
  if (level !== null && level > MAX_LEVEL) throw new RangeError('no tree is that high')
  const digits = String(index)
  const parts = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g)!
  const path = parts.map((part, at) => (at === parts.length - 1 ? part : `x${part}`)).join('/')
  return `${level ?? 'entries'}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`
}

/** How much of a tile a tree of `size` leaves has: from 0 to 256 hashes. */
export function widthIn(size: number, { level, index }: Pick<TileName, 'level' | 'index'>): number {
  const complete = Math.floor(size / TILE_WIDTH ** (level ?? 0))
  return Math.max(0, Math.min(TILE_WIDTH, complete - index * TILE_WIDTH))
}

/** A bundle of entries, none longer than 65,535 bytes. */
export function writeEntries(entries: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    entries.flatMap((entry) => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(entry.length)
      return [length, entry]
    }),
  )
}

/** The entries of a bundle; it ends with the last of them. */
export function parseEntries(bundle: Uint8Array): Result<readonly Uint8Array[], 'malformed'> {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.byteLength) // attacker-controlled
  const entries: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 <= bytes.length ? at + 2 + bytes.readUInt16BE(at) : Number.POSITIVE_INFINITY
    if (end > bytes.length || entries.length === TILE_WIDTH) return err('malformed')
    entries.push(bytes.subarray(at + 2, end))
    at = end
  }
  return ok(entries)
}
