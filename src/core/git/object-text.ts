import type { Signature } from './landing.ts'

// Commits and annotated tags are text (gitformat-pack says nothing of it; git's commit.c and tag.c read it so): header lines
// "key SP value LF", a line that begins with SP going on with the one before, an empty line, and the message. Everything in it
// is the attacker's. Whatever it is, something comes out: what is not there is empty.

const LF = 10
const SP = 32
const MESSAGE_KEPT = 4096
const NAME_KEPT = 256

/** The header lines in order, and where the message begins. `line` may say `false` when it has seen enough. */
export function readHeaders(
  bytes: Buffer,
  line: (key: string, value: Buffer) => boolean | undefined,
): number {
  let wanted = true
  for (let at = 0; at < bytes.length; ) {
    const found = bytes.indexOf(LF, at)
    const end = found === -1 ? bytes.length : found
    if (end === at) return at + 1
    if (wanted && bytes[at] !== SP) {
      const space = bytes.indexOf(SP, at)
      if (space !== -1 && space < end && space - at <= 16)
        wanted = line(bytes.toString('latin1', at, space), bytes.subarray(space + 1, end)) !== false
    }
    at = end + 1
  }
  return bytes.length
}

/** The message: the first 4096 characters of it, without the line ends at its end. */
export function readMessage(bytes: Buffer, more: boolean): { message: string; messageCut: boolean } {
  const all = decode(bytes.subarray(0, MESSAGE_KEPT * 4))
  if (!more && bytes.length <= MESSAGE_KEPT * 4 && all.length <= MESSAGE_KEPT)
    return { message: all.replace(/\n+$/, ''), messageCut: false }
  return { message: cut(all, MESSAGE_KEPT), messageCut: true }
}

/** `Name <email> seconds zone`, as loosely as git reads it. */
export function readSignature(value: Buffer): Signature {
  const open = value.indexOf('<')
  const close = open === -1 ? -1 : value.indexOf('>', open)
  const name = decode(value.subarray(0, open === -1 ? value.length : open)).trim()
  const email = open === -1 ? '' : decode(value.subarray(open + 1, close === -1 ? value.length : close))
  const last = value.lastIndexOf('>')
  const time = last === -1 ? undefined : /^ *(\d{1,15})(?: |$)/.exec(value.toString('latin1', last + 1))?.[1]
  return {
    name: cut(name, NAME_KEPT),
    email: cut(email, NAME_KEPT),
    time: time === undefined ? 0 : Number(time),
  }
}

export const NOBODY: Signature = { name: '', email: '', time: 0 }

/** Bytes read as UTF-8, what is none as U+FFFD. */
export function decode(bytes: Buffer): string {
  return bytes.toString('utf8')
}

/** At most so many UTF-16 units, never half of a pair. */
export function cut(text: string, units: number): string {
  if (text.length <= units) return text
  const last = text.charCodeAt(units - 1)
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? units - 1 : units)
}
