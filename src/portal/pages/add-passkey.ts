import { err, ok } from '../../core/result.ts'
import type { Describe } from '../approvals.ts'
import { visible } from '../display.ts'
import { readFields } from '../fields.ts'
import { html } from '../markup.ts'
import { json, me, type OwnVisit, page, refuse } from '../visit.ts'
import { deviceName } from './device-name.ts'
import { NO_COOKIE } from './sign-in.ts'

export function show(visit: OwnVisit): Response {
  const body = html`<div class="head"><p class="small"><a href="/devices">← Your devices</a></p><h1>Add a passkey</h1>
<p class="lede">First a device you already have says yes, then the new one makes its key. Have both at hand.</p></div>
<form class="card" data-approve="add-passkey" data-create="/devices/add-passkey/finish">
<div class="field"><label for="name">Name of the new device</label>
<input id="name" name="name" required maxlength="60" autocomplete="off" aria-describedby="name-hint">
<p class="hint" id="name-hint">So that you know it again, like “blue key” or “work laptop”.</p></div>
<div class="row"><button class="main">Continue</button></div>
<p class="say note bad" role="alert"></p></form>`
  return page(visit, { title: 'Add a passkey', body, here: '/devices', script: 'page.ts' })
}

/** A device admits the next one: its touch comes before the new key exists. */
export const approveNewPasskey: Describe = (visit, of) => {
  const name = deviceName(String(of['name'] ?? ''))
  if (!name.ok) return name
  const { deps, pre } = visit
  return ok({
    wish: {
      action: 'device.add',
      fields: [
        ['kind', 'webauthn'],
        ['name', name.value],
      ],
    },
    title: `Add “${visible(name.value)}”?`,
    say: 'It will be able to sign in as you and to confirm your changes. Confirm with a device you have.',
    async perform(signed) {
      if (pre === undefined) return err(NO_COOKIE)
      const options = await deps.ceremonies.beginAddPasskey(pre, me(visit).id, signed)
      return options.ok ? ok({ create: options.value }) : options
    },
  })
}

export async function finish(visit: OwnVisit): Promise<Response> {
  const fields = await readFields(visit.request, { name: 200, credential: 'object' })
  if (!fields.ok) return refuse(visit, fields.error)
  if (visit.pre === undefined) return refuse(visit, NO_COOKIE)
  const name = deviceName(fields.value.name)
  if (!name.ok) return refuse(visit, name.error)
  const added = await visit.deps.ceremonies.finishAddPasskey(
    visit.pre,
    me(visit).id,
    fields.value.credential,
    name.value,
  )
  return added.ok ? json({ next: '/devices' }) : refuse(visit, added.error)
}
