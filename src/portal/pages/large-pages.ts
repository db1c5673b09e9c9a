import { refusal } from '../../core/refusal.ts'
import { type OwnVisit, refuse } from '../visit.ts'

/** Large pages that may wait to be made. */
const LARGE_AT_MOST = 8

/** One large page at a time: each takes tens of megabytes while it is made. */
export function createLargePages(): (
  visit: OwnVisit,
  make: () => Promise<Response>,
) => Response | Promise<Response> {
  let last: Promise<unknown> = Promise.resolve()
  let queued = 0
  return (visit, make) => {
    if (queued >= LARGE_AT_MOST)
      return refuse(visit, refusal('rate-limited', 'Many large pages are being made right now.'))
    queued++
    const made = last.then(make).finally(() => queued--)
    last = made.catch(() => undefined)
    return made
  }
}
