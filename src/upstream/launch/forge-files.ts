import {
  chmodSync,
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
import { randomBytes } from '../../core/crypto.ts'

/** Make a directory that only this user can look into. */
export function privateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
}

/** Replace a file's content in one step, readable by this user only. */
export function writePrivate(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const file = openSync(`${path}.new`, 'w', 0o600)
  writeSync(file, text)
  fsyncSync(file)
  closeSync(file)
  renameSync(`${path}.new`, path)
}

/** The hex secret kept in `path`; made on first use. */
export function keptSecret(path: string, bytes: number): string {
  if (existsSync(path)) {
    const text = readFileSync(path, 'utf8').trim()
    if (text.length !== 2 * bytes || !/^[0-9a-f]*$/.test(text))
      throw new Error(`${path} is not ${bytes} bytes in hex`)
    return text
  }
  const text = randomBytes(bytes).toString('hex')
  writePrivate(path, `${text}\n`)
  return text
}
