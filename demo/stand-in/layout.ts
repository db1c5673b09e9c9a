import { readFileSync } from 'node:fs'
import { html, type Markup, trusted } from './html.ts'
import { page, type Reply, type Visit } from './visit.ts'

/** A whole page with head, navigation and the CSRF token where Gogs' scripts look for it, and Gogs' referrer policy. */
export function layout(visit: Visit, title: string, content: Markup, code = 200): Reply {
  const { user, csrf } = visit
  const nav = user?.name
    ? html`<a href="/explore/repos">Explore</a> <a href="/repo/create">New repository</a> <a href="/user/settings">Settings</a> <a href="/${user.name}" class="me">${user.name}</a>`
    : html`<a href="/user/login?redirect_to=${visit.path}">Sign in</a>`
  return page(
    html`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta name="_csrf" content="${csrf}"><title>${title}</title><link rel="stylesheet" href="/css/stand-in.css"></head>
<body><nav><a href="/">Stand-in forge</a> ${nav}</nav><main><h1>${title}</h1>${content}</main></body>
</html>
`,
    code,
  )
}

export function notFound(visit: Visit): Reply {
  return layout(visit, 'Page Not Found', html`<p>There is nothing here, or you may not see it.</p>`, 404)
}

/** A form with the token in it. */
export function form(visit: Visit, action: string, content: Markup): Markup {
  return html`<form method="post" action="${action}"><input type="hidden" name="_csrf" value="${visit.csrf}">${content}</form>`
}

/** The script that tests plant in repository pages, read anew for each page. */
export function injected(visit: Visit): Markup {
  const { inject } = visit.options
  return inject === undefined ? html`` : trusted(`<script>${readFileSync(inject, 'utf8')}</script>`)
}

export const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:0 1rem;color:#1b1f24;background:#fff}
nav{display:flex;gap:1rem;padding:1rem 0;border-bottom:1px solid #d8dee4}nav a:first-child{font-weight:600;margin-right:auto}
a{color:#0550ae}h1{font-size:1.5rem}pre{background:#f6f8fa;padding:1rem;overflow:auto}table{border-collapse:collapse}td{padding:.2rem 1rem .2rem 0}
label{display:block;margin:.5rem 0}input,textarea{font:inherit}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}nav{border-color:#30363d}a{color:#79c0ff}pre{background:#161b22}}
`
