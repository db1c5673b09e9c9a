import { ask } from './dialog.ts'
import { create, type Json, sign } from './passkey.ts'
import { post } from './post.ts'
import { reveal } from './reveal.ts'

interface Begun {
  readonly id: string
  readonly title: string
  readonly say: string
  readonly text: string
  readonly options: Json
}

type Answer = { next?: string; create?: Json; show?: Record<string, string> }

/** A change that takes a touch: show what will be signed, sign it, and go on as the server says. */
export async function approve(form: HTMLFormElement): Promise<void> {
  const of = Object.fromEntries(new FormData(form))
  const { id, title, say, text, options } = await post<Begun>('/approve/begin', {
    what: form.dataset['approve'],
    of,
  })
  const credential = await ask({
    title,
    say,
    text,
    button: 'Confirm with a passkey',
    act: () => sign(options),
  })
  if (!credential) return
  const answer = await post<Answer>('/approve/finish', { id, credential })
  if (answer.create) await register(form, answer.create, String(of['name'] ?? ''))
  else if (answer.next !== undefined) location.assign(answer.next)
  else reveal(form, answer.show ?? {})
}

/** A click of its own: browsers let one click open one passkey dialog. */
async function register(form: HTMLFormElement, options: Json, name: string): Promise<void> {
  const credential = await ask({
    title: 'Now the new device',
    say: 'Have it ready: plug it in, or follow your browser to a phone. It will make its key now.',
    button: 'Register the new passkey',
    act: () => create(options),
  })
  if (!credential) return
  const { next } = await post<{ next: string }>(form.dataset['create'] ?? '', { name, credential })
  location.assign(next)
}
