import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Another gateway process works on this home. */
export class HomeInUse extends Error {
  readonly code = 'home-in-use'
}

/**
 * Keep a second gateway off `home`. The lock is SQLite's own file lock on a database with nothing in it, so that the
 * kernel releases it however the process ends. Returns the release function.
 */
export function lockHome(home: string): () => void {
  const lock = new DatabaseSync(join(home, 'gateway.lock'))
  try {
    lock.exec('pragma busy_timeout = 2000; begin exclusive')
  } catch {
    lock.close()
    throw new HomeInUse(`another gateway is running on ${home}`)
  }
  return () => lock.close()
}
