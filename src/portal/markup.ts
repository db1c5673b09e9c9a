import { html, raw } from 'hono/html'
import { stretches } from './display.ts'

/** Markup that is safe to send: only the `html` tag makes it, and it escapes every value that is not markup itself. */
export type Markup = ReturnType<typeof html>
export { html }

/** Other people's text: isolated from the direction of its surroundings, with hidden and look-alike characters marked. */
export function shown(text: string): Markup {
  return html`<bdi>${stretches(text).map(({ text: part, odd }) => (odd === null ? part : html`<span class="odd" title="${odd}">${part}</span>`))}</bdi>`
}

/** A moment, for people and machines: `2026-11-24 07:00 UTC`. `ms` is unix milliseconds. */
export function moment(ms: number): Markup {
  const iso = new Date(ms).toISOString()
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC</time>`
}

// A seal, signed once inside and once across its edge.
const MARK =
  '<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round">' +
  '<path stroke-width="2" d="M26.2 11.3A11.5 11.5 0 1 1 20.4 5.4"/>' +
  '<path stroke-width="2.6" d="M9.4 16.6l4.3 4.3L27.5 5.2"/>' +
  '<path stroke-width="2.6" d="M19.2 21.6l8.3-9.6" opacity=".55"/></svg>'

/** The project's mark, decorative: the word stands beside it. */
export const mark = (): Markup => raw(MARK) as Markup

/** Text to copy, with its button. `label` names it for people who hear the page. */
export function copyable(id: string, text: string, label: string): Markup {
  return html`<div class="copy"><pre class="code wrap" id="${id}" tabindex="0" aria-label="${label}">${text}</pre><button type="button" class="quiet" data-copy="${id}">Copy</button></div>`
}
