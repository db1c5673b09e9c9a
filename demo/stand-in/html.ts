/** Markup that is safe to put on a page; only {@link html} makes it. */
export interface Markup {
  readonly markup: string
}

type Hole = string | number | Markup | readonly Markup[]

/** A template whose holes are escaped, unless they are markup already. */
export function html(texts: TemplateStringsArray, ...holes: readonly Hole[]): Markup {
  const fill = (hole: Hole): string => {
    if (typeof hole === 'string' || typeof hole === 'number') return escapeText(String(hole))
    return 'markup' in hole ? hole.markup : hole.map(({ markup }) => markup).join('')
  }
  return { markup: texts.map((text, i) => (i === 0 ? text : fill(holes[i - 1]!) + text)).join('') }
}

/** The one door past {@link html}: for the injected script of tests. */
export function trusted(markup: string): Markup {
  return { markup }
}

const NAMES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' }

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (char) => NAMES[char]!)
}
