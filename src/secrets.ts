import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { randomBytes } from './core/crypto.ts'

/** Secrets have a type of their own, so that they are never logged with the settings. */
export interface Secrets {
  readonly nonceKey: Uint8Array
}

/** Read the gateway's secrets, or make them on the first start. 0600 in a 0700 directory. */
export function loadSecrets(home: string): Secrets {
  const dir = join(home, 'secrets')
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  return { nonceKey: key(join(dir, 'nonce.key')) }
}

function key(path: string): Uint8Array {
  if (existsSync(path)) {
    const bytes = Buffer.from(readFileSync(path, 'utf8').trim(), 'hex')
    if (bytes.length !== 32) throw new Error(`${path} is not a key of 32 bytes in hex`)
    return bytes
  }
  const bytes = randomBytes(32)
  const file = openSync(`${path}.new`, 'w', 0o600)
  writeSync(file, `${bytes.toString('hex')}\n`)
  fsyncSync(file)
  closeSync(file)
  renameSync(`${path}.new`, path)
  return bytes
}
