import { join } from 'node:path'
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
