import { type FrozenRef, nameOf } from '../../flow/frozen.ts'
import type { PortalDeps } from '../deps.ts'
import { clip } from '../display.ts'
import { copyable, html, type Markup, moment, shown } from '../markup.ts'
import { modeWords } from '../report-view.ts'
import { me, type OwnVisit, page } from '../visit.ts'

export async function show(visit: OwnVisit): Promise<Response> {
  const { deps } = visit
  const account = me(visit)
  const devices = deps.identity.activeDevices(account.id)
  const signing = devices.filter(({ kind }) => kind === 'ssh-sk').length
  const passkeys = devices.length - signing
  const frozen = account.admin ? await deps.frozen() : []
  const waiting = deps.holds.waiting(account.id).length
  const unknownForge = deps.unknownForge()
  const asks = (await deps.asks.waiting(account.id)).length
  const body = html`<div class="head"><h1>Hello, ${shown(account.name)}</h1>
<p class="lede">Everything you do at the forge goes through here${modeWords(deps.report) === null ? ', and every change carries the signature of a device of yours' : ''}.</p></div>
${unknownForge === null ? null : html`<p class="note bad">The forge says that it is version ${shown(unknownForge)}, which this gateway does not know. It is only read until either of the two is brought up to date.</p>`}
${frozen.length > 0 ? alarm(frozen) : null}
${waiting > 0 ? html`<p class="note warn"><a href="/pending">${count(waiting, 'push', 'pushes')}</a> ${waiting === 1 ? 'waits' : 'wait'} for your touch.</p>` : null}
${asks > 0 ? html`<p class="note warn"><a href="/pending">${count(asks, 'request')}</a> of other people ${asks === 1 ? 'waits' : 'wait'} for your countersignature.</p>` : null}
<p><a class="button main" href="${deps.forgeOrigin}/">Open the forge</a></p>
${passkeys < 2 ? html`<p class="note warn">You have one passkey. <a href="/devices/add-passkey">Add a second one</a>, so that losing it does not lock you out.</p>` : null}
<section class="card stack" aria-labelledby="clone"><h2 id="clone">Clone with plain git</h2>
${copyable('clone-line', `git clone ${cloneUrl(deps.forgeOrigin, account.name)}`, 'Clone command')}
<p class="small soft">git asks for a name and a password: your name, and a <a href="/git-password">git password</a> that lives for some hours.</p>
${deps.ssh ? overSsh(deps.ssh, account.name) : null}</section>
<div class="tiles">
${tile('/devices', 'Devices', `${count(passkeys, 'passkey')}, ${count(signing, 'signing key')}`)}
${tile('/git-password', 'Git password', 'One touch, then git can read and push')}
${signing === 0 ? tile('/devices/add-ssh-key', 'Sign your pushes', 'Let your security key sign what you push') : tile('/ledger', 'Ledger', 'What is on record about you')}
</div>`
  return page(visit, { title: 'Home', body, here: '/', script: 'page.ts' })
}

/** Nothing but OpenSSH and a security key: no password to fetch. */
function overSsh(ssh: NonNullable<PortalDeps['ssh']>, name: string): Markup {
  return html`<h3>Or over SSH, with your security key</h3>
${copyable('ssh-clone-line', `git clone ${ssh.origin}/${encodeURIComponent(name)}/REPOSITORY.git`, 'Clone command over SSH')}
<p class="small soft">The first time ssh shows the key of this host: it is <code>${ssh.fingerprint}</code>, and stands at <a href="/.well-known/ssh-known-hosts">a page to pin it from</a>. <a href="/devices/add-ssh-key">Add the SSH key</a> of your security key once.</p>`
}

/** The name stands in the address, so that git asks for the password only. Login names need no escape in a URL but get one. */
function cloneUrl(forgeOrigin: string, name: string): string {
  const { protocol, host } = new URL(forgeOrigin)
  const user = encodeURIComponent(name)
  return `${protocol}//${user}@${host}/${user}/REPOSITORY.git`
}

/** Loud, and only for who can do something about it. */
function alarm(frozen: readonly FrozenRef[]): Markup {
  return html`<div class="note bad" role="alert"><p><strong>The forge changed ${count(frozen.length, 'ref')} as nobody had signed.</strong> Nobody moves ${frozen.length === 1 ? 'it' : 'them'} through here until you have looked, and lifted that on the gateway's host with <code>countersign admin unfreeze</code>.</p>
<ul>${frozen.slice(0, 50).map(({ repo, part, ref, reason, since, intent }) => html`<li><strong>${shown(`${repo.owner}/${repo.name}${part === 'wiki' ? ' (wiki)' : ''}`)}</strong> <code>${shown(clip(nameOf(ref), 300))}</code>: ${reason}. Since ${moment(since)}, entry ${String(intent)} of the ledger.</li>`)}</ul></div>`
}

function tile(path: string, title: string, say: string): Markup {
  return html`<section class="card tile"><h2><a href="${path}">${title}</a></h2><p class="small soft">${say}</p></section>`
}

function count(n: number, what: string, many = `${what}s`): string {
  return `${n === 0 ? 'no' : n} ${n === 1 ? what : many}`
}
