import { type Refusal, refusal } from '../core/refusal.ts'

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'
const ELSEWHERE = refusal(
  'cross-site',
  'This request did not come from a page of the portal.',
  'Open the page here and try again from it.',
)

/**
 * What every request must be before a route sees it. The portal's authority is a cookie, and any page can make a browser
 * send that; `Origin` (Fetch section 3.2) and `Sec-Fetch-Site` (Fetch Metadata section 2.3) say which page did.
 */
export function checkRequest(request: Request, origin: string): Refusal | undefined {
  // Everything in `request` is the attacker's.
  const site = request.headers.get('sec-fetch-site')
  switch (request.method) {
    case 'GET':
    case 'HEAD': {
      // Another site may send a person here, but not load our answers into its pages.
      const mode = request.headers.get('sec-fetch-mode')
      const foreign = site !== null && site !== 'same-origin' && site !== 'none'
      return foreign && mode !== 'navigate' ? ELSEWHERE : undefined
    }
    case 'POST':
      if (request.headers.get('origin') !== origin) return ELSEWHERE
      if (site !== null && site !== 'same-origin') return ELSEWHERE
      if (new URL(request.url).search !== '')
        return refusal('bad-request', 'A change takes its fields from the form, not from the address.')
      if (bodyKind(request) === undefined) {
        return refusal(
          'bad-request',
          'This address takes a form or JSON, and nothing else.',
          'Use the page that belongs to it.',
        )
      }
      return undefined
    default:
      return refusal('unknown-action', 'This address does not take such a request.')
  }
}

/** How the body is written, by its media type alone (RFC 9110 section 8.3.1); undefined for any other. */
export function bodyKind(request: Request): 'json' | 'form' | undefined {
  const field = request.headers.get('content-type') ?? ''
  const match = /^([a-z/+.-]+)(?:;[ ]?charset=utf-8)?$/i.exec(field)
  switch (match?.[1]?.toLowerCase()) {
    case JSON_TYPE:
      return 'json'
    case FORM:
      return 'form'
    default:
      return undefined
  }
}
