import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Another gateway process works on this home. */
export class HomeInUse extends Error {
  readonly code = 'home-in-use'
}

/** SQLITE_BUSY (sqlite.org/rescode.html). */
const BUSY = 5

/**
 * Keep a second gateway off `home`. The lock is SQLite's own file lock on a database with nothing in it, so that the
 * kernel releases it however the process ends. Waits `patience` ms for one that is just ending. Returns the release function.
 */
export function lockHome(home: string, { patience = 2000 } = {}): () => void {
  const lock = new DatabaseSync(join(home, 'gateway.lock'), { timeout: patience })
  try {
    lock.exec('begin exclusive')
  } catch (error) {
    lock.close()
    if ((error as { errcode?: number }).errcode !== BUSY) throw error
    throw new HomeInUse(`another gateway is running on ${home}`)
  }
  return () => lock.close()
}
