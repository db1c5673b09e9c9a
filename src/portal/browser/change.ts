import { type Json, sign, supported } from './passkey.ts'
import { post, tell } from './post.ts'

interface Begun {
  readonly id: string
  readonly text: string
  readonly options: Json
}

const form = document.querySelector<HTMLFormElement>('#confirm')
if (form) wire(form)

/** The text is fetched before the click and shown: some browsers let only the click itself open the passkey dialog. */
function wire(here: HTMLFormElement): void {
  const path = here.dataset['path']!
  const say = here.querySelector<HTMLElement>('#say')!
  const exact = here.querySelector<HTMLElement>('#exact')!
  const button = here.querySelector<HTMLButtonElement>('button.main')!
  let ready: Promise<Begun>

  function prepare(): void {
    ready = post<Begun>(`${path}/begin`, {})
    ready.then(
      ({ text }) => {
        exact.textContent = text
      },
      (error: unknown) => tell(say, error),
    )
  }

  if (!supported()) {
    button.disabled = true
    say.textContent = 'This browser cannot use passkeys. Use a current one.'
    return
  }
  prepare()
  here.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (button.getAttribute('aria-busy') === 'true') return
    say.textContent = ''
    button.setAttribute('aria-busy', 'true')
    try {
      const { id, options } = await ready
      const credential = await sign(options)
      const { next } = await post<{ next: string }>(`${path}/approve`, { id, credential })
      location.assign(next)
    } catch (error) {
      tell(say, error)
      prepare()
    } finally {
      button.removeAttribute('aria-busy')
    }
  })
}
