import type { Form } from '../../src/core/action/form.ts'

/** A form on a page of the forge: where it is sent, and what a browser would send untouched. */
export interface PageForm {
  readonly action: string
  readonly pairs: Form
}

/** The POST forms of a page, as a browser that runs no script reads them. */
export function pageForms(html: string, page: string): PageForm[] {
  return [...html.matchAll(/(<form\b[^>]*>)([\s\S]*?)<\/form>/g)].flatMap(([, head = '', body = '']) => {
    if (attribute(head, 'method')?.toUpperCase() !== 'POST') return []
    const action = (attribute(head, 'action') || page).replace(/^https?:\/\/[^/]*/, '')
    return [{ action, pairs: controls(body) }]
  })
}

/** The pairs with some of them said otherwise; `null` takes a mark away. */
export function filled(pairs: Form, fills: { readonly [name: string]: string | null }): Form {
  const kept = pairs.filter(([name]) => !Object.hasOwn(fills, name))
  return [
    ...kept,
    ...Object.entries(fills).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])),
  ]
}

function controls(body: string): Form {
  const pairs: [string, string][] = []
  for (const [, tag = '', text = ''] of body.matchAll(
    /(<(?:input|textarea)\b[^>]*>)(?:([^<]*)<\/textarea[^>]*>)?/g,
  )) {
    const name = attribute(tag, 'name')
    const type = attribute(tag, 'type') ?? 'text'
    if (!name || attribute(tag, 'disabled') !== undefined || type === 'submit' || type === 'file') continue
    const isMark = type === 'checkbox' || type === 'radio'
    if (isMark && attribute(tag, 'checked') === undefined) continue
    const value = tag.startsWith('<textarea') ? plain(text) : attribute(tag, 'value')
    pairs.push([name, value ?? (isMark ? 'on' : '')])
  }
  return pairs
}

function attribute(tag: string, name: string): string | undefined {
  const found = new RegExp(`\\s${name}(?:="([^"]*)")?(?=[\\s/>])`).exec(tag)
  return found ? plain(found[1] ?? '') : undefined
}

function plain(text: string): string {
  return text
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}
