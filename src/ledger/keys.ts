import { ed25519PrivateKey, type PrivateKey } from '../core/crypto.ts'
import { keptSecret } from '../files/private-file.ts'

/** Read the 32-byte Ed25519 seed at `path`, or make one on the first start: durable before it is used. Throws on a file that holds none. */
export function loadLedgerKey(path: string): PrivateKey {
  return ed25519PrivateKey(keptSecret(path, 32))
}
