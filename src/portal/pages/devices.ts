import { type Device, deviceId } from '../../core/identity.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { Describe } from '../approvals.ts'
import { visible } from '../display.ts'
import { readFields } from '../fields.ts'
import { html, type Markup, moment, shown } from '../markup.ts'
import { me, type OwnVisit, page, refuse, see } from '../visit.ts'
import { deviceName } from './device-name.ts'

export function show(visit: OwnVisit): Response {
  const all = visit.deps.identity.devices(me(visit).id)
  const active = all.filter(({ state }) => state === 'active')
  const former = all.filter(({ state }) => state !== 'active')
  const canRemove = (device: Device): boolean =>
    active.some(({ id, kind }) => id !== device.id && kind === 'webauthn')
  const body = html`<div class="head"><h1>Your devices</h1>
<p class="lede">Each one can prove that it was you. A new device is always let in by one you already have.</p></div>
<div class="row"><a class="button main" href="/devices/add-passkey">Add a passkey</a><a class="button" href="/devices/add-ssh-key">Add an SSH signing key</a></div>
<ul class="list">${active.map((device) => row(visit, device, all, canRemove(device)))}</ul>
${former.length === 0 ? null : html`<details><summary>Disabled devices (${former.length})</summary><ul class="list">${former.map((device) => row(visit, device, all, false))}</ul></details>`}`
  return page(visit, { title: 'Devices', body, here: '/devices', script: 'page.ts' })
}

export async function rename(visit: OwnVisit): Promise<Response> {
  const device = ownDevice(visit, visit.params['id'])
  if (!device.ok) return refuse(visit, device.error)
  const fields = await readFields(visit.request, { name: 200 })
  if (!fields.ok) return refuse(visit, fields.error)
  const name = deviceName(fields.value.name)
  if (!name.ok) return refuse(visit, name.error)
  const renamed = await visit.deps.identity.renameDevice(device.value.id, name.value)
  return renamed.ok ? see('/devices') : refuse(visit, renamed.error)
}

/** Disabling takes the touch of another device: a stolen one cannot throw the others out by itself. */
export const approveRevoke: Describe = (visit, of) => {
  const device = ownDevice(visit, of['device'])
  if (!device.ok) return device
  const { id, name, credential } = device.value
  return ok({
    wish: {
      action: 'device.revoke',
      fields: [
        ['device', id],
        ['credential', credential],
        ['name', name],
      ],
    },
    title: `Disable “${visible(name)}”?`,
    say: 'Its sessions, git passwords and tokens end at once, and it cannot be enabled again. Confirm with another device.',
    except: id,
    async perform({ device: by, evidence }) {
      const done = await visit.deps.identity.setDeviceState(id, 'revoked', `device:${by}`, { evidence })
      return done.ok ? ok({ next: '/devices' }) : done
    },
  })
}

/** A device of the signed-in account, by an id from the outside. Somebody else's is as unknown as none. */
export function ownDevice(visit: OwnVisit, id: unknown): Result<Device, Refusal> {
  const device = typeof id === 'string' ? visit.deps.identity.device(deviceId(id)) : undefined
  return device && device.account === me(visit).id
    ? ok(device)
    : err(refusal('not-found', 'You have no such device.', 'Reload the list of your devices.'))
}

function row(visit: OwnVisit, device: Device, all: readonly Device[], canRemove: boolean): Markup {
  const { id, name, kind, state, createdAt, lastUsedAt } = device
  const current = id === visit.person.principal.device.id
  const hanging = state === 'active' ? hangingOn(visit, device) : []
  return html`<li class="split"><div class="stack tight">
<h2>${shown(name)}</h2>
<div class="row">${kind === 'webauthn' ? html`<span class="badge">Passkey</span>` : html`<span class="badge">SSH signing key</span>`}${device.backupEligible ? html`<span class="badge" title="It may be copied to other devices by its provider">Synced</span>` : html`<span class="badge">Bound to one device</span>`}${current ? html`<span class="badge good">You are signed in with it</span>` : null}${state === 'active' ? null : html`<span class="badge bad">${state === 'revoked' ? 'Disabled' : 'Suspended'}</span>`}</div>
<dl class="facts"><div><dt>Added</dt><dd>${moment(createdAt)} by ${admittedBy(device, all)}</dd></div><div><dt>Last used</dt><dd>${lastUsedAt === null ? 'never' : moment(lastUsedAt)}</dd></div>${kind === 'ssh-sk' ? html`<div><dt>Fingerprint</dt><dd><code>${device.credential}</code></dd></div>` : null}${hanging.length === 0 ? null : html`<div><dt>Open with it</dt><dd>${hanging.join(', ')}</dd></div>`}</dl>
</div>${state === 'active' ? actions(device, canRemove) : null}</li>`
}

/** What ends with the device. */
function hangingOn({ deps, now }: OwnVisit, { id, account }: Device): readonly string[] {
  const sessions = deps.identity
    .sessions(account)
    .filter(({ door, device }) => door === 'portal' && device === id).length
  const passwords = deps.identity
    .gitPasswords(account)
    .filter(({ device, expiresAt }) => device === id && expiresAt > now).length
  const tokens = deps.identity.apiTokens(account).filter(({ device }) => device === id).length
  return [
    ...(sessions > 0 ? [`${sessions} session${sessions === 1 ? '' : 's'}`] : []),
    ...(passwords > 0 ? [`${passwords} git password${passwords === 1 ? '' : 's'}`] : []),
    ...(tokens > 0 ? [`${tokens} token${tokens === 1 ? '' : 's'}`] : []),
  ]
}

function actions({ id, name }: Device, canRemove: boolean): Markup {
  const label = visible(name)
  return html`<div class="row"><button type="button" class="quiet" popovertarget="rename-${id}" aria-label="Rename ${label}">Rename</button>
<div popover id="rename-${id}"><form method="post" action="/devices/${id}/rename"><h2>Rename</h2>
<div class="field"><label for="name-${id}">Name of this device</label><input id="name-${id}" name="name" value="${label}" maxlength="60" required autocomplete="off" autofocus></div>
<div class="row"><button class="main">Save</button><button type="button" popovertarget="rename-${id}" popovertargetaction="hide">Cancel</button></div></form></div>
${canRemove ? html`<form class="inline" data-approve="revoke-device"><input type="hidden" name="device" value="${id}"><button class="quiet danger" aria-label="Disable ${label}">Disable</button></form>` : html`<span class="small soft">Your only passkey: it stays</span>`}</div>`
}

function admittedBy({ enrolledBy }: Device, all: readonly Device[]): Markup {
  const [kind, id] = enrolledBy.split(':', 2)
  switch (kind) {
    case 'device': {
      const device = all.find((other) => other.id === id)
      return device ? shown(device.name) : html`another device`
    }
    case 'recovery':
      return html`a recovery link`
    default:
      return html`an invitation`
  }
}
