import { raw } from 'hono/html'
import type { Assets } from './assets.ts'
import { html, type Markup, mark, shown } from './markup.ts'

/** Who the page is for; absent on pages for strangers. */
export interface Frame {
  readonly account?: { readonly name: string; readonly admin: boolean }
  /** How many pushes of theirs wait. */
  readonly waiting?: number
  /** Where nothing is enforced, in a sentence. */
  readonly mode?: string | null
  /** Path of the navigation entry that is open. */
  readonly here?: string
}

export interface Page extends Frame {
  readonly title: string
  readonly body: Markup
  /** One centred column, for pages that ask one thing. */
  readonly narrow?: boolean
  /** Room for code. */
  readonly wide?: boolean
  /** Source name of the page's script, e.g. `page.ts`. */
  readonly script?: string
  readonly assets: Assets
  readonly styles: 'linked' | 'inline'
  readonly origin: string
}

const NAVIGATION: readonly { path: string; word: string; admin?: true }[] = [
  { path: '/', word: 'Home' },
  { path: '/pending', word: 'Waiting' },
  { path: '/devices', word: 'Devices' },
  { path: '/git-password', word: 'Git password' },
  { path: '/tokens', word: 'Tokens' },
  { path: '/sessions', word: 'Sessions' },
  { path: '/ledger', word: 'Ledger' },
  { path: '/people', word: 'People', admin: true },
  { path: '/report', word: 'Report', admin: true },
]

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32' fill='none' stroke='%230d5c4a' stroke-linecap='round' stroke-linejoin='round'%3E" +
  "%3Cpath stroke-width='2.6' d='M26.2 11.3A11.5 11.5 0 1 1 20.4 5.4'/%3E%3Cpath stroke-width='3.2' d='M9.4 16.6l4.3 4.3L27.5 5.2'/%3E%3C/svg%3E"

/** A whole document. Every page of ours, on either origin, is made here. */
export function layout(page: Page): string {
  const { title, body, narrow, wide, script, assets, origin } = page
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · Countersign</title>
<link rel="icon" href="${ICON}">
${styles(page)}${script === undefined ? null : html`<script type="module" src="${assets.path(script)}"></script>`}
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="top"><div class="top-in"><a class="wordmark" href="${origin}/">${mark()}Countersign</a>${account(page)}</div></header>
${notice(page)}<main id="content"${narrow ? raw(' class="narrow"') : wide ? raw(' class="wide"') : null}>
${body}
</main>
<footer class="foot"><p>${page.mode ? 'Every change here is on record; where nothing is enforced, not every one is signed.' : 'Every change here leaves a signature that anyone can check.'}</p></footer>
</body>
</html>
`.toString()
}

function styles({ assets, styles: how }: Page): Markup {
  return how === 'inline'
    ? html`<style>${raw(assets.inlineStyles)}</style>`
    : html`<link rel="stylesheet" href="${assets.path('tokens.css')}"><link rel="stylesheet" href="${assets.path('base.css')}">`
}

/** On every page of somebody who is signed in: nobody shall believe that policy stands where it does not. */
function notice({ account: person, mode, here }: Page): Markup | null {
  if (!person || !mode) return null
  return html`<aside class="mode" aria-label="Mode of this gateway"><p>${shown(mode)}${person.admin && here !== '/report' ? html` <a href="/report">See what</a>` : null}</p></aside>
`
}

function account({ account: person, here, waiting = 0 }: Page): Markup | null {
  if (!person) return null
  const entries = NAVIGATION.filter(({ admin }) => !admin || person.admin)
  return html`<div class="who">${shown(person.name)}<form class="inline" method="post" action="/sign-out"><button class="quiet">Sign out</button></form></div>
<nav class="nav" aria-label="Portal"><ul>${entries.map(({ path, word }) => html`<li><a href="${path}"${path === here ? raw(' aria-current="page"') : null}>${word}${path === '/pending' && waiting > 0 ? html` <span class="count">${String(waiting)}</span>` : null}</a></li>`)}</ul></nav>`
}
