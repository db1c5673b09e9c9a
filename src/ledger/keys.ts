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
import { dirname } from 'node:path'
import { ed25519PrivateKey, type PrivateKey, randomBytes } from '../core/crypto.ts'

/** Read the 32-byte Ed25519 seed at `path` (hex), or make one on the first start: mode 0600, durable before it is used. */
export function loadLedgerKey(path: string): PrivateKey {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const file = openSync(`${path}.new`, 'w', 0o600)
    writeSync(file, `${randomBytes(32).toString('hex')}\n`)
    fsyncSync(file)
    closeSync(file)
    renameSync(`${path}.new`, path)
  }
  const seed = Buffer.from(readFileSync(path, 'utf8').trim(), 'hex')
  if (seed.length !== 32) throw new Error(`${path} is not a seed of 32 bytes in hex`)
  return ed25519PrivateKey(seed)
}
