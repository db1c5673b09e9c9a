import { randomSecret } from '../../core/crypto.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { readFields } from '../fields.ts'
import { html } from '../markup.ts'
import { json, page, refuse, see, type Visit, withCookie } from '../visit.ts'

const HANDLE = /^[A-Za-z0-9_-]{43}$/
const PRE_SECONDS = 24 * 60 * 60

/** `h` names a page of the forge that waits for this sign-in; `new` greets somebody who just enrolled. */
export function show(visit: Visit): Response {
  const handle = handleOf(visit.query.get('h'))
  if (visit.person) return see(handle === '' ? '/' : `/open?h=${handle}`)
  const welcome = visit.query.has('new')
    ? html`<p class="note good">Your passkey is registered. Sign in with it now.</p>`
    : null
  const body = html`<div class="head"><h1>Sign in</h1>
<p class="lede">With the passkey on your security key, phone or computer. It answers to this site alone, and only when you touch it.</p></div>
${welcome}
<form id="sign-in" class="card" data-handle="${handle}">
<div class="field"><label for="username">Name <span class="soft">(optional)</span></label>
<input id="username" name="username" autocomplete="username webauthn" autocapitalize="none" spellcheck="false" maxlength="64"></div>
<button class="main wide">Sign in with a passkey</button>
<p class="say note bad" role="alert" id="say"></p>
<noscript><p class="note warn">Passkeys need JavaScript. Please switch it on for this site.</p></noscript>
</form>
<details class="small"><summary>What is a passkey?</summary><p class="soft">A key pair made by your device: it signs, this site checks, and there is no password that anybody could steal.</p></details>
<p class="small soft">First time here? Open the one-time link from your administrator.</p>`
  return page(visit, { title: 'Sign in', body, narrow: true, script: 'sign-in.ts' })
}

export async function begin(visit: Visit): Promise<Response> {
  const fields = await readFields(visit.request, {})
  if (!fields.ok) return refuse(visit, fields.error)
  if (visit.pre === undefined) return refuse(visit, NO_COOKIE)
  return json({ options: await visit.deps.ceremonies.beginSignIn(visit.pre, visit.address) })
}

export async function finish(visit: Visit): Promise<Response> {
  const { deps, now, pre, request, address } = visit
  const fields = await readFields(request, { handle: 43, credential: 'object' })
  if (!fields.ok) return refuse(visit, fields.error)
  if (pre === undefined) return refuse(visit, NO_COOKIE)
  const limit = `sign-in ${address}`
  if (!deps.limiter.mayTry(limit, now))
    return refuse(
      visit,
      refusal(
        'rate-limited',
        'Too many failed sign-ins from this address.',
        'Wait a minute, then try again.',
      ),
    )
  const signed = await deps.ceremonies.finishSignIn(pre, fields.value.credential)
  if (!signed.ok) {
    deps.limiter.failed(limit, now)
    return refuse(visit, signed.error)
  }
  const { account, device, uv, evidence } = signed.value
  const userAgent = (request.headers.get('user-agent') ?? '').slice(0, 200)
  const opened = await deps.identity.openSession({
    door: 'portal',
    parent: null,
    account,
    device,
    uv,
    userAgent,
    evidence,
    now,
  })
  if (!opened.ok) return refuse(visit, opened.error)
  // Both secrets are new from here on: nothing that was planted before the sign-in is worth anything after it.
  if (visit.person)
    await deps.identity.endSession(visit.person.session.id, 'sign-in', opened.value.session.id)
  const handle = handleOf(fields.value.handle)
  const answer = json({ next: handle === '' ? '/' : `/open?h=${handle}` })
  const seconds = Math.max(1, Math.floor((opened.value.session.expiresAt - now) / 1000))
  withCookie(visit, answer, visit.cookies.session, opened.value.secret, seconds)
  return withCookie(visit, answer, visit.cookies.pre, randomSecret(), PRE_SECONDS)
}

/** The only thing that is ever repeated back: our own spelling of a handle, or nothing. */
function handleOf(text: string | null): string {
  return text !== null && HANDLE.test(text) ? text : ''
}

export const NO_COOKIE: Refusal = refusal(
  'bad-request',
  'Your browser sent no cookie of this site.',
  'Allow cookies for this site, reload the page and try again.',
)
