import type { Account } from '../core/identity.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Principal, Session } from '../identity/identity.ts'
import type { Assets } from './assets.ts'
import { bodyKind } from './check-request.ts'
import { cookie, type PortalCookies } from './cookies.ts'
import type { PortalDeps } from './deps.ts'
import { layout, type Page } from './layout.ts'
import { refusalPage, refusalStatus } from './refusal-page.ts'
import { modeWords } from './report-view.ts'

/** One request, with what the portal knows about its sender. */
export interface Visit {
  readonly deps: PortalDeps
  readonly assets: Assets
  readonly request: Request
  /** Search parameters of a GET; a POST has none. */
  readonly query: URLSearchParams
  /** Values of `:name` in the route. */
  readonly params: { readonly [name: string]: string }
  readonly address: string
  readonly cookies: PortalCookies
  /** The browser's pre-session secret, when it sent one. */
  readonly pre: string | undefined
  /** Unix ms. */
  readonly now: number
  readonly person?: Person
}

export interface Person {
  readonly principal: Principal
  readonly session: Session
}

/** A visit of somebody who is signed in. */
export type OwnVisit = Visit & { readonly person: Person }

export const me = (visit: OwnVisit): Account => visit.person.principal.account

type Answer = Pick<Page, 'title' | 'body'> & Partial<Pick<Page, 'narrow' | 'wide' | 'script' | 'here'>>

export function page(visit: Visit, answer: Answer): Response {
  const { deps, assets, person } = visit
  const account = person && {
    account: person.principal.account,
    mode: modeWords(deps.report),
    waiting:
      deps.holds.waiting(person.principal.account.id).length +
      deps.parked.waiting(person.principal.account.id).length +
      deps.asks.known(person.principal.account.id).length,
  }
  const text = layout({ ...answer, ...account, assets, styles: 'linked', origin: deps.origin })
  // As bytes: a body given as a string is walked through once more for lone surrogates, and pages may be large.
  return new Response(Buffer.from(text), {
    headers: { 'content-type': 'text/html; charset=utf-8' },
  })
}

export function json(value: object): Response {
  return Response.json(value)
}

/** To another page after a change (RFC 9110 section 15.4.4). `location` is one of ours, never the client's. */
export function see(location: string): Response {
  return new Response(null, { status: 303, headers: { location } })
}

/** A page for people, RFC 9457 problem details for our scripts. */
export function refuse(
  visit: Pick<Visit, 'deps' | 'assets' | 'request' | 'person'>,
  refused: Refusal,
): Response {
  const { deps, assets, request, person } = visit
  const retry: Record<string, string> = refused.reason === 'rate-limited' ? { 'retry-after': '60' } : {}
  if (bodyKind(request) === 'json') {
    const status = refusalStatus(refused.reason)
    const problem = {
      type: `urn:countersign:${refused.reason}`,
      title: refused.say,
      status,
      ...(refused.fix !== undefined && { detail: refused.fix }),
    }
    return new Response(JSON.stringify(problem), {
      status,
      headers: { 'content-type': 'application/problem+json', ...retry },
    })
  }
  const frame = person ? { frame: { account: person.principal.account, mode: modeWords(deps.report) } } : {}
  const { status, html } = refusalPage(refused, { origin: deps.origin, assets, styles: 'linked', ...frame })
  return new Response(html, { status, headers: { 'content-type': 'text/html; charset=utf-8', ...retry } })
}

export function withCookie(
  visit: Pick<Visit, 'deps'>,
  response: Response,
  name: string,
  value: string,
  seconds: number,
): Response {
  response.headers.append('set-cookie', cookie(name, value, seconds, visit.deps.secure))
  return response
}
