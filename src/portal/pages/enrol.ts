import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { readFields } from '../fields.ts'
import { html } from '../markup.ts'
import { json, page, refuse, type Visit } from '../visit.ts'
import { deviceName } from './device-name.ts'
import { NO_COOKIE } from './sign-in.ts'

/** The secret stands after `#`, so that it reaches no log and no other site; the page's script posts it. */
export function show(visit: Visit): Response {
  const body = html`<div class="head"><h1>Set up your passkey</h1>
<p class="lede">This one-time link lets you register your first device. After that, your devices admit each other.</p></div>
<p id="loading" class="soft" role="status">Checking the link…</p>
<form id="enrol" class="card" hidden>
<p>Welcome, <strong id="name"></strong>.</p>
<p class="note warn" id="recovery" hidden>This is a recovery link. It is on record, and your other devices stay as they are.</p>
<div class="field"><label for="device">Name of this device</label>
<input id="device" name="device" required maxlength="60" autocomplete="off" aria-describedby="device-hint">
<p class="hint" id="device-hint">So that you know it again, like “blue key” or “work laptop”.</p></div>
<button class="main wide">Register a passkey</button>
</form>
<p class="say note bad" role="alert" id="say"></p>
<noscript><p class="note warn">Passkeys need JavaScript. Please switch it on for this site.</p></noscript>`
  return page(visit, { title: 'Set up your passkey', body, narrow: true, script: 'enrol.ts' })
}

export async function begin(visit: Visit): Promise<Response> {
  const fields = await readFields(visit.request, { secret: 200 })
  if (!fields.ok) return refuse(visit, fields.error)
  if (visit.pre === undefined) return refuse(visit, NO_COOKIE)
  const link = invited(visit, fields.value.secret)
  if (!link.ok) return refuse(visit, link.error)
  const options = await visit.deps.ceremonies.beginEnrol(visit.pre, fields.value.secret)
  if (!options.ok) return refuse(visit, options.error)
  return json({ name: link.value.account.name, kind: link.value.kind, options: options.value })
}

export async function finish(visit: Visit): Promise<Response> {
  const fields = await readFields(visit.request, { secret: 200, device: 200, credential: 'object' })
  if (!fields.ok) return refuse(visit, fields.error)
  if (visit.pre === undefined) return refuse(visit, NO_COOKIE)
  const { secret, device, credential } = fields.value
  const link = invited(visit, secret)
  if (!link.ok) return refuse(visit, link.error)
  const name = deviceName(device)
  if (!name.ok) return refuse(visit, name.error)
  const added = await visit.deps.ceremonies.finishEnrol(visit.pre, secret, credential, name.value)
  return added.ok ? json({ next: '/sign-in?new' }) : refuse(visit, added.error)
}

type Link = NonNullable<ReturnType<Visit['deps']['identity']['invitation']>>

function invited({ deps, address, now }: Visit, secret: string): Result<Link, Refusal> {
  const limit = `link ${address}`
  if (!deps.limiter.mayTry(limit, now))
    return err(
      refusal(
        'rate-limited',
        'Too many wrong links from this address.',
        'Wait a minute, then open the link again.',
      ),
    )
  const link = deps.identity.invitation(secret, now)
  if (link) return ok(link)
  deps.limiter.failed(limit, now)
  return err(
    refusal(
      'bad-credential',
      'This link is unknown, used or too old.',
      'Ask your administrator for a new one.',
    ),
  )
}
