import { countDown, listen, swap } from './hold-live.ts'
import { type Json, sign, supported } from './passkey.ts'
import { post, tell } from './post.ts'

interface Begun {
  readonly id: string
  readonly text: string
  readonly options: Json
}

const change = (): HTMLElement => document.getElementById('change')!

/** Challenges live five minutes; renew before that. */
const RENEW = 4 * 60_000
/** While the forge takes it, the list of what waits says nothing more: then the page looks by itself. */
const SOON = 1000
let ready: Begun | undefined
let coming: Promise<Begun> | undefined
/** Confirmed here: the browser is about to leave for where the forge sends the person. */
let leaving = false

/** The text is fetched before the click and shown: some browsers let only the click itself open the passkey dialog. */
function prepare(path: string): Promise<Begun> {
  ready = undefined
  const fresh = post<Begun>(`${path}/begin`, {})
  coming = fresh
  fresh.then(
    (begun) => {
      if (coming !== fresh) return
      ready = begun
      const exact = document.getElementById('exact')
      if (exact) exact.textContent = begun.text
    },
    () => undefined,
  )
  return fresh
}

const details = (): HTMLDetailsElement[] => [...change().querySelectorAll('details')]

async function refresh(): Promise<void> {
  // In the middle of a touch the answer to it says how it went.
  if (leaving || document.querySelector('#confirm [aria-busy="true"]')) return
  const waited = document.getElementById('confirm') !== null
  const open = details().map((one) => one.open)
  await swap('change')
  const now = details()
  if (now.length === open.length) for (const [i, one] of now.entries()) one.open = open[i]!
  if (document.getElementById('confirm')) wire()
  else if (waited) {
    document.getElementById('title')?.focus({ preventScroll: true })
    scrollTo({ top: 0 })
  }
  if (change().dataset['soon'] !== undefined) setTimeout(() => void refresh(), SOON)
}

function wire(): void {
  const form = document.querySelector<HTMLFormElement>('#confirm')
  if (!form) return
  const path = form.dataset['path']!
  const say = form.querySelector<HTMLElement>('#say')!
  const button = form.querySelector<HTMLButtonElement>('button.main')!
  if (!supported()) {
    button.disabled = true
    say.textContent = 'This browser cannot use passkeys. Use a current one.'
    return
  }
  void prepare(path).catch((error: unknown) => tell(say, error))
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (button.getAttribute('aria-busy') === 'true') return
    say.textContent = ''
    button.setAttribute('aria-busy', 'true')
    try {
      const begun = ready ?? (await (coming ?? prepare(path)))
      const credential = await sign(begun.options)
      leaving = true
      const { next } = await post<{ next: string }>(`${path}/approve`, { id: begun.id, credential })
      location.assign(next)
    } catch (error) {
      leaving = false
      tell(say, error)
      button.removeAttribute('aria-busy')
      // What went wrong may have ended the change: then the page says so. Else a fresh text is there for the next click.
      await prepare(path).catch(() => refresh())
    }
  })
}

wire()
countDown()
setInterval(() => {
  const form = document.getElementById('confirm')
  const busy = document.querySelector('#confirm [aria-busy="true"]')
  if (form && !busy) void prepare(form.dataset['path']!).catch(() => undefined)
}, RENEW)
if (change().dataset['soon'] !== undefined) setTimeout(() => void refresh(), SOON)
if (change().dataset['live'] !== undefined)
  listen('/pending', () => change().dataset['version'] ?? '', refresh)
