import { ask } from './dialog.ts'
import { countDown, listen, swap } from './hold-live.ts'
import { type Json, sign } from './passkey.ts'
import { post, tell } from './post.ts'

interface Begun {
  readonly id: string
  readonly title: string
  readonly say: string
  readonly text: string
  readonly options: Json
}

const pending = (): HTMLElement => document.getElementById('pending')!

async function approveAll(form: HTMLFormElement): Promise<void> {
  // The codes as this page was made with them: what came later is not in it.
  const { id, title, say, text, options } = await post<Begun>('/pending/begin', {
    codes: form.dataset['codes'] ?? '',
  })
  const credential = await ask({
    title,
    say,
    text,
    button: 'Confirm with a passkey',
    act: () => sign(options),
  })
  if (!credential) return
  const { approved, left } = await post<{ approved: number; left: readonly string[] }>('/pending/approve', {
    id,
    credential,
  })
  await refresh()
  const heard = document.getElementById('heard')!
  heard.className = left.length === 0 ? 'note good' : 'note warn'
  heard.textContent = [`${approved} approved.`, ...left].join(' ')
}

function wire(): void {
  const form = document.querySelector<HTMLFormElement>('#batch')
  form?.addEventListener('submit', async (event) => {
    event.preventDefault()
    const say = form.querySelector<HTMLElement>('.say')!
    const button = form.querySelector<HTMLButtonElement>('button')!
    say.textContent = ''
    button.setAttribute('aria-busy', 'true')
    try {
      await approveAll(form)
    } catch (error) {
      tell(say, error)
    } finally {
      button.removeAttribute('aria-busy')
    }
  })
}

async function refresh(): Promise<void> {
  await swap('pending')
  wire()
}

wire()
countDown()
listen('/pending', () => pending().dataset['version'] ?? '', refresh)
