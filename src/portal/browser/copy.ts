/** Buttons that copy the text of the element they name, and say so. */
export function copyButtons(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-copy]')) {
    const word = button.textContent
    button.addEventListener('click', async () => {
      const text = document.getElementById(button.dataset['copy'] ?? '')?.textContent ?? ''
      const done = await navigator.clipboard.writeText(text).then(
        () => true,
        () => false,
      )
      button.textContent = done ? 'Copied' : 'Select and copy by hand'
      setTimeout(() => {
        button.textContent = word
      }, 2000)
    })
  }
}
