import type { Json } from './passkey.ts'
import { tell } from './post.ts'

interface Question {
  readonly title: string
  readonly say: string
  /** Exact text that will be signed, when there is one. */
  readonly text?: string
  readonly button: string
  /** Runs in the click itself, as some browsers demand. */
  readonly act: () => Promise<Json>
}

/** A modal question. Resolves with what `act` gave, or undefined when the person stepped back; a failed `act` may be tried again. */
export function ask(question: Question): Promise<Json | undefined> {
  const dialog = document.createElement('dialog')
  dialog.setAttribute('aria-labelledby', 'dialog-title')
  const form = element('form')
  const title = element('h2', question.title)
  title.id = 'dialog-title'
  form.append(title, element('p', question.say))
  if (question.text !== undefined) form.append(exactText(question.text))
  const say = element('p')
  say.className = 'say note bad'
  say.setAttribute('role', 'alert')
  const yes = element('button', question.button)
  yes.className = 'main'
  const no = element('button', 'Cancel')
  no.type = 'button'
  const row = element('div')
  row.className = 'row'
  row.append(yes, no)
  form.append(say, row)
  dialog.append(form)
  document.body.append(dialog)

  return new Promise((resolve) => {
    let result: Json | undefined
    dialog.addEventListener('close', () => {
      dialog.remove()
      resolve(result)
    })
    no.addEventListener('click', () => dialog.close())
    form.addEventListener('submit', async (event) => {
      event.preventDefault()
      say.textContent = ''
      yes.setAttribute('aria-busy', 'true')
      try {
        result = await question.act()
        dialog.close()
      } catch (error) {
        tell(say, error)
      } finally {
        yes.removeAttribute('aria-busy')
      }
    })
    dialog.showModal()
    yes.focus()
  })
}

function exactText(text: string): HTMLElement {
  const details = element('details')
  details.open = true
  const pre = element('pre', text)
  pre.className = 'code wrap'
  pre.tabIndex = 0
  details.append(element('summary', 'The exact text you sign'), pre)
  return details
}

function element<K extends keyof HTMLElementTagNameMap>(name: K, text = ''): HTMLElementTagNameMap[K] {
  const made = document.createElement(name)
  made.textContent = text
  return made
}
