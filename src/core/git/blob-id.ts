import { sha1Hex } from '../crypto.ts'

/** The id that git gives a file of this content (gitformat-objects: SHA-1 over `blob LENGTH NUL` and the content). */
export function blobId(content: Uint8Array): string {
  return sha1Hex(`blob ${content.length}\0`, content)
}
