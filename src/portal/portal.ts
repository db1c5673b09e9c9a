import { Hono } from 'hono'
import { randomSecret } from '../core/crypto.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { createApprovals } from './approvals.ts'
import { loadAssets } from './assets.ts'
import { checkRequest } from './check-request.ts'
import { portalCookies, readCookie } from './cookies.ts'
import type { PortalDeps } from './deps.ts'
import { createLive } from './live.ts'
import * as addPasskey from './pages/add-passkey.ts'
import * as addSshKey from './pages/add-ssh-key.ts'
import { createChangeSteps } from './pages/change.ts'
import { createCountersignSteps } from './pages/countersign.ts'
import * as devices from './pages/devices.ts'
import * as enrol from './pages/enrol.ts'
import * as gitPassword from './pages/git-password.ts'
import { createSeen } from './pages/hold-seen.ts'
import { createHoldSteps } from './pages/hold-steps.ts'
import * as home from './pages/home.ts'
import * as knownHosts from './pages/known-hosts.ts'
import { createLargePages } from './pages/large-pages.ts'
import * as ledger from './pages/ledger.ts'
import * as open from './pages/open.ts'
import { createPending } from './pages/pending.ts'
import * as people from './pages/people.ts'
import * as report from './pages/report.ts'
import * as sessions from './pages/sessions.ts'
import * as signIn from './pages/sign-in.ts'
import * as tiles from './pages/tiles.ts'
import * as tokens from './pages/tokens.ts'
import { securityHeaders } from './security-headers.ts'
import type { OwnVisit, Visit } from './visit.ts'
import { refuse, see, withCookie } from './visit.ts'

export interface Portal {
  /** Answer one request. The front has checked host, spelling of the address and size; everything else is checked here. */
  fetch(request: Request, peer: { readonly address: string }): Promise<Response>
}

type Handler<V> = (visit: V) => Response | Promise<Response>
type Row<V> = readonly ['GET' | 'POST', string, Handler<V>]

/** How long a browser keeps its pre-session, in seconds; it opens nothing by itself. */
const PRE_SECONDS = 24 * 60 * 60

/** The portal as a pure function of requests. */
export function createPortal(deps: PortalDeps): Portal {
  const assets = loadAssets()
  const cookies = portalCookies(deps.secure)
  const approvals = createApprovals(deps)
  const seen = createSeen()
  const live = createLive()
  const large = createLargePages()
  const holds = createHoldSteps(seen, live, large)
  const pending = createPending(seen, live)
  const changes = createChangeSteps(large)
  const countersign = createCountersignSteps(createSeen(), large)
  const app = new Hono<{ Bindings: { visit: Visit } }>()

  const forAnybody: readonly Row<Visit>[] = [
    ['GET', '/sign-in', signIn.show],
    ['POST', '/sign-in/begin', signIn.begin],
    ['POST', '/sign-in/finish', signIn.finish],
    ['GET', '/open', open.show],
    ['GET', '/.well-known/ssh-known-hosts', knownHosts.show],
    ['GET', '/enrol', enrol.show],
    ['POST', '/enrol/begin', enrol.begin],
    ['POST', '/enrol/finish', enrol.finish],
    ['GET', '/ledger/checkpoint', tiles.checkpoint],
    ['GET', '/ledger/vkey', tiles.vkey],
    ['GET', '/ledger/tile/*', tiles.tile],
  ]
  const forOwner: readonly Row<OwnVisit>[] = [
    ['GET', '/', home.show],
    ['GET', '/pending', pending.show],
    ['GET', '/pending/events', pending.events],
    ['GET', '/pending/state', pending.state],
    ['POST', '/pending/begin', pending.begin],
    ['POST', '/pending/approve', pending.approve],
    ['GET', '/a/:code', holds.show],
    ['GET', '/a/:code/all', holds.all],
    ['GET', '/a/:code/events', holds.events],
    ['GET', '/a/:code/state', holds.state],
    ['POST', '/a/:code/begin', holds.begin],
    ['POST', '/a/:code/approve', holds.approve],
    ['POST', '/a/:code/refuse', holds.refuse],
    ['GET', '/c/:id', changes.show],
    ['GET', '/c/:id/all', changes.all],
    ['POST', '/c/:id/begin', changes.begin],
    ['POST', '/c/:id/approve', changes.approve],
    ['POST', '/c/:id/refuse', changes.refuse],
    ['GET', '/countersign/:id', countersign.show],
    ['GET', '/countersign/:id/all', countersign.all],
    ['POST', '/countersign/:id/begin', countersign.begin],
    ['POST', '/countersign/:id/approve', countersign.approve],
    ['POST', '/countersign/:id/refuse', countersign.refuse],
    ['GET', '/devices', devices.show],
    ['POST', '/devices/:id/rename', devices.rename],
    ['GET', '/devices/add-passkey', addPasskey.show],
    ['POST', '/devices/add-passkey/finish', addPasskey.finish],
    ['GET', '/devices/add-ssh-key', addSshKey.show],
    ['POST', '/devices/add-ssh-key/begin', addSshKey.begin],
    ['GET', '/git-password', gitPassword.show],
    ['POST', '/git-password/:id/end', gitPassword.end],
    ['GET', '/tokens', tokens.show],
    ['POST', '/tokens/:id/end', tokens.end],
    ['GET', '/sessions', sessions.show],
    ['POST', '/sessions/:id/end', sessions.end],
    ['POST', '/sessions/end-others', sessions.endOthers],
    ['POST', '/sign-out', sessions.signOut],
    ['GET', '/ledger', ledger.show],
    ['POST', '/approve/begin', approvals.begin],
    ['POST', '/approve/finish', approvals.finish],
  ]
  const forAdmin: readonly Row<OwnVisit>[] = [
    ['GET', '/people', people.show],
    ['GET', '/report', report.show],
  ]

  for (const [method, path, handler] of forAnybody)
    app.on(method, path, (c) => handler({ ...c.env.visit, params: c.req.param() }))
  for (const [method, path, handler] of forOwner)
    app.on(method, path, (c) => owned({ ...c.env.visit, params: c.req.param() }, handler))
  for (const [method, path, handler] of forAdmin) {
    app.on(method, path, (c) =>
      owned({ ...c.env.visit, params: c.req.param() }, (visit) =>
        visit.person.principal.account.admin ? handler(visit) : refuse(visit, NOTHING_HERE),
      ),
    )
  }
  app.notFound((c) => refuse(c.env.visit, NOTHING_HERE))
  app.onError((error, c) => {
    deps.log.error({ err: error, path: c.req.path }, 'a portal page failed')
    return refuse(c.env.visit, refusal('internal', 'Something went wrong inside the gateway.'))
  })
  const fields = securityHeaders(deps)

  async function answer(request: Request, address: string): Promise<Response> {
    const url = new URL(request.url)
    const asset = assets.byName.get(
      url.pathname.startsWith('/assets/') ? url.pathname.slice('/assets/'.length) : '',
    )
    if (asset && (request.method === 'GET' || request.method === 'HEAD')) {
      return new Response(request.method === 'GET' ? asset.body : null, {
        headers: { 'content-type': asset.type, 'cache-control': 'public, max-age=31536000, immutable' },
      })
    }
    const now = deps.now()
    const header = request.headers.get('cookie')
    const secret = readCookie(header, cookies.session)
    const person = secret === undefined ? undefined : deps.identity.bySession('portal', secret, now)
    const pre = readCookie(header, cookies.pre)
    const visit: Visit = {
      deps,
      assets,
      request,
      query: url.searchParams,
      params: {},
      address,
      cookies,
      pre,
      now,
      ...(person && { person }),
    }
    const refused = checkRequest(request, deps.origin)
    if (refused) {
      deps.log.info({ reason: refused.reason, client: address, path: url.pathname }, 'refused at the portal')
      return refuse(visit, refused)
    }
    const response = await app.fetch(request, { visit })
    // Ceremonies need a browser to belong to; a page is where it gets its pre-session.
    const isPage = response.headers.get('content-type')?.startsWith('text/html') === true
    const starts = pre === undefined && request.method === 'GET' && response.status === 200 && isPage
    return starts ? withCookie(visit, response, cookies.pre, randomSecret(), PRE_SECONDS) : response
  }

  return {
    async fetch(request, { address }) {
      const response = await answer(request, address)
      for (const [name, value] of fields) response.headers.set(name, value)
      if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'no-store')
      return response
    },
  }
}

const NOTHING_HERE: Refusal = refusal('unknown-action', 'There is nothing at this address.')

function owned(visit: Visit, handler: Handler<OwnVisit>): Response | Promise<Response> {
  if (visit.person) return handler({ ...visit, person: visit.person })
  const { request } = visit
  return request.method === 'GET' || request.method === 'HEAD'
    ? see('/sign-in')
    : refuse(
        visit,
        refusal(
          'not-signed-in',
          'You are not signed in, or were not active for too long.',
          'Sign in and try again.',
        ),
      )
}
