import { refusal } from '../core/refusal.ts'
import { isSafe } from './check-origin.ts'
import type { Gate } from './passage.ts'

// The two encodings of HTML forms. The forge also reads JSON into its forms; what describes an action here must be what
// the forge acts on.
const FORM = /^(?:application\/x-www-form-urlencoded|multipart\/form-data)(?:;|$)/i

export const checkForm: Gate = ({ attempt }) => {
  if (attempt.door !== 'web' || isSafe(attempt.method)) return undefined
  if (attempt.contentType !== undefined && FORM.test(attempt.contentType)) return undefined
  return refusal('bad-request', 'Changes on these pages are sent as forms.', 'Use the form on the page.')
}
