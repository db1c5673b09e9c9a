/** Fill the places named in `show` with text, show what the form reveals, hide what it replaces. */
export function reveal(form: HTMLFormElement, show: Record<string, string>): void {
  for (const [name, text] of Object.entries(show)) {
    for (const place of document.querySelectorAll<HTMLElement>(`[data-show="${CSS.escape(name)}"]`))
      place.textContent = text
  }
  const { reveal: shown, hide } = form.dataset
  if (hide !== undefined) document.getElementById(hide)!.hidden = true
  if (shown === undefined) return
  for (const stand of document.querySelectorAll<HTMLElement>(`[data-until="${CSS.escape(shown)}"]`))
    stand.hidden = true
  const section = document.getElementById(shown)!
  section.hidden = false
  section.focus()
}
