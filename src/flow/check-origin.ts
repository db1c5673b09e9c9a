import { refusal } from '../core/refusal.ts'
import type { Gate } from './passage.ts'

/** GET and HEAD change nothing here, since the adapter refuses the forge's GETs that do. */
export function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

/**
 * A cookie is sent by any page that makes a browser ask; `Origin` and `Sec-Fetch-Site` (Fetch Metadata section 2.3)
 * say which page that was. The forge gives no protection of its own that counts behind a gateway, so this is it.
 */
export const checkOrigin: Gate = ({ attempt }, { forgeOrigin }) => {
  if (attempt.door !== 'web' || isSafe(attempt.method)) return undefined
  if (
    attempt.origin === forgeOrigin &&
    (attempt.fetchSite === undefined || attempt.fetchSite === 'same-origin')
  )
    return undefined
  return refusal(
    'cross-site',
    'This request did not come from a page of this site.',
    'Open the page here and try again from it.',
  )
}
