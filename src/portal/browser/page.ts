import { approve } from './approve.ts'
import { copyButtons } from './copy.ts'
import { post, tell } from './post.ts'
import { reveal } from './reveal.ts'

copyButtons()

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-approve], form[data-step]')) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const say = form.querySelector<HTMLElement>('.say') ?? sayBelow(form)
    const button = form.querySelector<HTMLButtonElement>('button')!
    say.textContent = ''
    button.setAttribute('aria-busy', 'true')
    try {
      const step = form.dataset['step']
      if (step === undefined) await approve(form)
      else
        reveal(
          form,
          (await post<{ show: Record<string, string> }>(step, Object.fromEntries(new FormData(form)))).show,
        )
    } catch (error) {
      tell(say, error)
    } finally {
      button.removeAttribute('aria-busy')
    }
  })
}

function sayBelow(form: HTMLFormElement): HTMLElement {
  const say = document.createElement('p')
  say.className = 'say note bad'
  say.setAttribute('role', 'alert')
  form.append(say)
  return say
}
