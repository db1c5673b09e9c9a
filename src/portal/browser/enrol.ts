import { create, type Json, supported } from './passkey.ts'
import { post, tell } from './post.ts'

const get = <T extends HTMLElement>(id: string): T => document.querySelector<T>(`#${id}`)!
const form = get<HTMLFormElement>('enrol')
const loading = get('loading')
const say = get('say')
const button = form.querySelector<HTMLButtonElement>('button')!

// The secret leaves the address bar and the history at once; a reload of this tab would need the link again.
const secret = location.hash.slice(1)
history.replaceState(null, '', location.pathname)

let options: Promise<Json> | undefined

async function begin(): Promise<Json> {
  const answer = await post<{ name: string; kind: string; options: Json }>('/enrol/begin', { secret })
  get('name').textContent = answer.name
  get('recovery').hidden = answer.kind !== 'recovery'
  return answer.options
}

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  say.textContent = ''
  button.setAttribute('aria-busy', 'true')
  const device = new FormData(form).get('device')
  try {
    const credential = await create(await (options ?? begin()))
    const { next } = await post<{ next: string }>('/enrol/finish', { secret, device, credential })
    location.assign(next)
  } catch (error) {
    tell(say, error)
    options = begin()
    options.catch(() => undefined)
  } finally {
    button.removeAttribute('aria-busy')
  }
})

try {
  if (!supported()) throw new DOMException('', 'NotSupportedError')
  options = begin()
  await options
  form.hidden = false
  get('device').focus()
} catch (error) {
  tell(say, error)
} finally {
  loading.hidden = true
}
