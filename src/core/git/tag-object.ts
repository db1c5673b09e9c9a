import type { Signature, TagText } from './landing.ts'
import { cut, decode, readHeaders, readMessage, readSignature } from './object-text.ts'

/** Read an annotated tag for display. `more`: the object is longer than `bytes`. Never fails. */
export function parseTag(bytes: Buffer, more: boolean): TagText {
  let name = ''
  let target = ''
  let tagger: Signature | null = null
  const body = readHeaders(bytes, (key, value) => {
    if (key === 'object' && target === '') target = value.toString('latin1', 0, 64)
    else if (key === 'tag' && name === '') name = cut(decode(value), 256)
    else if (key === 'tagger' && tagger === null) tagger = readSignature(value)
    return undefined
  })
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(target)) target = ''
  return { name, target, tagger, ...readMessage(bytes.subarray(body), more) }
}
