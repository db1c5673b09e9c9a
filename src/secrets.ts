import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type HostKey, hostKey } from './core/ssh/host-key.ts'
import { keptSecret, privateDirectory } from './files/private-file.ts'

/** Secrets have a type of their own, so that they are never logged with the settings. */
export interface Secrets {
  readonly nonceKey: Uint8Array
}

/** Read the gateway's secrets, or make them on the first start. 0600 in a 0700 directory. */
export function loadSecrets(home: string): Secrets {
  const dir = join(home, 'secrets')
  privateDirectory(dir)
  return { nonceKey: keptSecret(join(dir, 'nonce.key'), 32) }
}

const HOST_KEY_FILE = /^ssh-host-(\d{1,4})\.key$/

/**
 * The host keys of SSH, made on the first start: `ssh-host-1.key`, and any with another number beside it. The lowest number is in use; the
 * others are announced, so that clients know them before it is taken away.
 */
export function loadHostKeys(home: string): readonly [HostKey, ...HostKey[]] {
  const dir = join(home, 'secrets')
  privateDirectory(dir)
  const numbers = readdirSync(dir)
    .map((name) => Number(HOST_KEY_FILE.exec(name)?.[1] ?? Number.NaN))
    .filter((number) => !Number.isNaN(number))
    .sort((a, b) => a - b)
  const [first = 1, ...others] = numbers
  const load = (number: number): HostKey => hostKey(keptSecret(join(dir, `ssh-host-${number}.key`), 32))
  return [load(first), ...others.map(load)]
}
