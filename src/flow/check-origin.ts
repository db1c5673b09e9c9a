import { refusal } from '../core/refusal.ts'
import type { Gate } from './passage.ts'

/** GET and HEAD change nothing here, since the adapter refuses the forge's GETs that do. */
export function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

const ELSEWHERE = refusal(
  'cross-site',
  'This request did not come from a page of this site.',
  'Open the page here and try again from it.',
)

/**
 * A cookie is sent by any page that makes a browser ask; `Origin` and `Sec-Fetch-Site` (Fetch Metadata section 2.3)
 * say which page that was. The forge gives no protection of its own that counts behind a gateway, so this is it.
 */
export const checkOrigin: Gate = ({ attempt }, { forgeOrigin }) => {
  if (attempt.door !== 'web') return undefined
  const { origin, fetchSite } = attempt
  if (isSafe(attempt.method)) {
    // A GET that changes something comes by a link of the forge's own pages.
    return attempt.route.kind !== 'change' || fetchSite === 'same-origin' ? undefined : ELSEWHERE
  }
  if (origin === forgeOrigin && (fetchSite === undefined || fetchSite === 'same-origin')) return undefined
  // Pages of the forge ask for `no-referrer` in their head, and with it a browser says `Origin: null` even to its own
  // origin (Fetch section 3.2). `Sec-Fetch-Site` still tells: a sandboxed or foreign page is never `same-origin`.
  if (origin === 'null' && fetchSite === 'same-origin') return undefined
  return ELSEWHERE
}
