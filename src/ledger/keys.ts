import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { ed25519PrivateKey, type PrivateKey, randomBytes } from '../core/crypto.ts'

/** Read the 32-byte Ed25519 seed at `path` (hex), or make one on the first start: mode 0600, durable before it is used. */
export function loadLedgerKey(path: string): PrivateKey {
  if (!existsSync(path)) makeSeed(path)
  const text = readFileSync(path, 'utf8')
  if (!/^[0-9a-f]{64}\n$/.test(text)) throw new Error(`${path} is not a seed of 32 bytes in hex`)
  return ed25519PrivateKey(Buffer.from(text, 'hex'))
}

/** Written aside and renamed: a crash leaves the whole seed or none. */
function makeSeed(path: string): void {
  const aside = `${path}.new`
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  rmSync(aside, { force: true })
  const file = openSync(aside, 'wx', 0o600)
  writeSync(file, `${randomBytes(32).toString('hex')}\n`)
  fsyncSync(file)
  closeSync(file)
  renameSync(aside, path)
  const dir = openSync(dirname(path), 'r')
  fsyncSync(dir)
  closeSync(dir)
}
