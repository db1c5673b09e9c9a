/** What a refusal says, in words for the person. */
export class Refused extends Error {
  readonly fix: string

  constructor(say: string, fix: string) {
    super(say)
    this.fix = fix
  }
}

/** Post JSON to one of our own addresses. Rejects with {@link Refused} for every answer that is no success. */
export async function post<T>(path: string, body: object): Promise<T> {
  let response: Response
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      credentials: 'same-origin',
      redirect: 'error',
      cache: 'no-store',
    })
  } catch {
    throw new Refused('The server did not answer.', 'Check your connection and try again.')
  }
  const answer: unknown = await response.json().catch(() => null)
  if (response.ok && answer !== null) return answer as T
  const { title, detail } = (answer ?? {}) as { title?: string; detail?: string }
  throw new Refused(title ?? 'The server refused this.', detail ?? 'Reload the page and try again.')
}

/** Put an error into the place of `say`, for eyes and screen readers. A step back by the person is no error. */
export function tell(say: HTMLElement, error: unknown): void {
  say.textContent = error instanceof Refused ? `${error.message} ${error.fix}` : words(error)
}

/** What a browser's own refusal means (WebAuthn sections 5.1.3 and 5.1.4, names of DOMException). */
function words(error: unknown): string {
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
      return 'Nothing was signed: it was cancelled, took too long, or no passkey for this site is on that device. Try again when you are ready.'
    case 'InvalidStateError':
      return 'This device already has a passkey for your account. Use another one.'
    case 'NotSupportedError':
      return 'This device cannot make the kind of key that is needed here. Use another one.'
    case 'SecurityError':
      return 'Your browser does not let this address use passkeys. Check that the address is the one your administrator gave you.'
    case 'AbortError':
      return ''
    default:
      return 'Something went wrong in this browser. Reload the page and try again.'
  }
}
