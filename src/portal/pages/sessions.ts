import { refusal } from '../../core/refusal.ts'
import type { Session } from '../../identity/identity.ts'
import { html, type Markup, moment, shown } from '../markup.ts'
import { me, type OwnVisit, page, refuse, see, withCookie } from '../visit.ts'

export function show(visit: OwnVisit): Response {
  const all = visit.deps.identity.sessions(me(visit).id)
  const portal = all.filter(({ door }) => door === 'portal')
  const body = html`<div class="head"><h1>Sessions</h1>
<p class="lede">Browsers that are signed in as you. Ending one also ends its way into the forge and the git passwords that were asked for in it, with all that runs on them, at once.</p></div>
${portal.length > 1 ? html`<form class="inline" method="post" action="/sessions/end-others"><button class="danger">End all other sessions</button></form>` : null}
<ul class="list">${portal.map((session) => row(visit, session, all))}</ul>`
  return page(visit, { title: 'Sessions', body, here: '/sessions' })
}

export async function end(visit: OwnVisit): Promise<Response> {
  const { identity } = visit.deps
  const session = identity.sessions(me(visit).id).find(({ id }) => id === visit.params['id'])
  if (!session)
    return refuse(
      visit,
      refusal('not-found', 'You have no such session.', 'Reload the page: it may have ended by itself.'),
    )
  await identity.endSession(session.id, `session:${visit.person.session.id}`)
  return session.id === visit.person.session.id ? signedOut(visit) : see('/sessions')
}

/** Every session of the account but this one, and the forge sessions that hang on them. */
export async function endOthers(visit: OwnVisit): Promise<Response> {
  const { identity } = visit.deps
  const own = visit.person.session.id
  const others = identity.sessions(me(visit).id).filter(({ door, id }) => door === 'portal' && id !== own)
  for (const { id } of others) await identity.endSession(id, `session:${own}`)
  return see('/sessions')
}

/** Ends this session and every forge session that hangs on it. */
export async function signOut(visit: OwnVisit): Promise<Response> {
  await visit.deps.identity.endSession(visit.person.session.id, 'sign-out')
  return signedOut(visit)
}

function signedOut(visit: OwnVisit): Response {
  return withCookie(
    visit,
    withCookie(visit, see('/sign-in'), visit.cookies.session, '', 0),
    visit.cookies.pre,
    '',
    0,
  )
}

function row(visit: OwnVisit, session: Session, all: readonly Session[]): Markup {
  const current = session.id === visit.person.session.id
  const forge = all.some(({ parent }) => parent === session.id)
  const device = visit.deps.identity.device(session.device)
  return html`<li class="split"><div class="stack tight">
<h2>${shown(browser(session.userAgent))}</h2>
<div class="row">${current ? html`<span class="badge good">This browser</span>` : null}${forge ? html`<span class="badge">Forge open</span>` : null}${session.uv ? html`<span class="badge" title="You showed a PIN or biometric at sign-in">Verified</span>` : null}</div>
<dl class="facts"><div><dt>Device</dt><dd>${shown(device?.name ?? 'a former device')}</dd></div><div><dt>Signed in</dt><dd>${moment(session.createdAt)}</dd></div><div><dt>Last active</dt><dd>${moment(session.lastSeenAt)}</dd></div><div><dt>Ends</dt><dd>${moment(session.expiresAt)}</dd></div></dl>
</div><form class="inline" method="post" action="/sessions/${session.id}/end"><button class="quiet danger"${current ? null : html` aria-label="End this session"`}>${current ? 'Sign out' : 'End'}</button></form></li>`
}

/** A glance at what a browser calls itself; it may say anything. */
function browser(userAgent: string): string {
  const name = /(Firefox|Edg|OPR|Chrome|Safari)\/\d+/.exec(userAgent)?.[1]
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(userAgent)?.[1]
  if (name === undefined) return userAgent.slice(0, 60) || 'An unnamed browser'
  const said = { Edg: 'Edge', OPR: 'Opera' }[name] ?? name
  return system === undefined ? said : `${said} on ${system.replace('Mac OS X', 'macOS')}`
}
