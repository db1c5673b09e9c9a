import { countDown, listen, swap } from './hold-live.ts'
import { type Json, sign, supported } from './passkey.ts'
import { post, tell } from './post.ts'

interface Begun {
  readonly id: string
  readonly options: Json
}

const hold = (): HTMLElement => document.getElementById('hold')!
const path = hold().dataset['path']!

/** Challenges live five minutes; renew before that. */
const RENEW = 4 * 60_000
let ready: Begun | undefined
let coming: Promise<Begun> | undefined

/** Options are fetched before the click: some browsers let only the click itself open the passkey dialog. */
function prepare(): Promise<Begun> {
  ready = undefined
  const fresh = post<Begun>(`${path}/begin`, {})
  coming = fresh
  fresh.then(
    (begun) => {
      if (coming === fresh) ready = begun
    },
    () => undefined,
  )
  return fresh
}

async function refresh(): Promise<void> {
  const before = hold().dataset['version']
  await swap('hold')
  const now = hold()
  if (now.dataset['live'] === undefined) {
    // It is over: what became of it stands at the top.
    document.getElementById('title')?.focus({ preventScroll: true })
    scrollTo({ top: 0 })
  }
  if (now.dataset['version'] !== before || ready === undefined) wire()
}

function wire(): void {
  const form = document.querySelector<HTMLFormElement>('#approve')
  if (!form) return
  const say = form.querySelector<HTMLElement>('#say')!
  const button = form.querySelector<HTMLButtonElement>('button.main')!
  if (!supported()) {
    button.disabled = true
    say.textContent = 'This browser cannot use passkeys. Use a current one.'
    return
  }
  void prepare().catch((error: unknown) => tell(say, error))
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (button.getAttribute('aria-busy') === 'true') return
    say.textContent = ''
    button.setAttribute('aria-busy', 'true')
    const typed = form.dataset['typed'] === 'true' ? { typed: String(new FormData(form).get('typed')) } : {}
    try {
      const begun = ready ?? (await (coming ?? prepare()))
      const credential = await sign(begun.options)
      await post(`${path}/approve`, { id: begun.id, credential, ...typed })
      await refresh()
    } catch (error) {
      tell(say, error)
      void prepare().catch(() => undefined)
    } finally {
      button.removeAttribute('aria-busy')
    }
  })
}

wire()
countDown()
setInterval(() => {
  const busy = document.querySelector('#approve [aria-busy="true"]')
  if (document.getElementById('approve') && !busy) void prepare().catch(() => undefined)
}, RENEW)
if (hold().dataset['live'] !== undefined) listen(path, () => hold().dataset['version'] ?? '', refresh)
