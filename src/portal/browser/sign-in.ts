import { canAutofill, type Json, sign, supported } from './passkey.ts'
import { post, tell } from './post.ts'

const form = document.querySelector<HTMLFormElement>('#sign-in')!
const button = form.querySelector<HTMLButtonElement>('button')!
const say = form.querySelector<HTMLElement>('#say')!

/** Challenges live five minutes; renew before that. */
const RENEW = 4 * 60_000
let ready: Promise<Json> | undefined
let asked = 0
let waiting: AbortController | undefined

/** Options are fetched before the click: some browsers let only the click itself open the passkey dialog. */
function options(): Promise<Json> {
  if (ready && Date.now() - asked < RENEW) return ready
  asked = Date.now()
  const fresh = post<{ options: Json }>('/sign-in/begin', {}).then((answer) => answer.options)
  fresh.catch(() => {
    ready = undefined
  })
  ready = fresh
  return fresh
}

async function finish(credential: Json): Promise<void> {
  ready = undefined
  const { next } = await post<{ next: string }>('/sign-in/finish', {
    handle: form.dataset['handle'] ?? '',
    credential,
  })
  location.assign(next)
}

/** Offer passkeys in the name field's autofill, until the button is used or the options grow old. */
async function autofill(): Promise<void> {
  if (!(await canAutofill())) return
  const mine = new AbortController()
  waiting = mine
  const renew = setTimeout(() => {
    mine.abort()
    void autofill()
  }, RENEW)
  try {
    const credential = await sign(await options(), { conditional: true, signal: mine.signal })
    await finish(credential)
  } catch (error) {
    if (!mine.signal.aborted) tell(say, error)
  } finally {
    clearTimeout(renew)
  }
}

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  say.textContent = ''
  button.setAttribute('aria-busy', 'true')
  waiting?.abort()
  try {
    await finish(await sign(await options()))
  } catch (error) {
    tell(say, error)
    void autofill()
  } finally {
    button.removeAttribute('aria-busy')
  }
})

if (supported()) {
  void options().catch(() => undefined)
  void autofill()
} else {
  button.disabled = true
  say.textContent = 'This browser cannot use passkeys. Use a current one.'
}
