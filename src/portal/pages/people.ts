import { type Account, accountId } from '../../core/identity.ts'
import { refusal } from '../../core/refusal.ts'
import { err, ok } from '../../core/result.ts'
import type { Describe } from '../approvals.ts'
import { visible } from '../display.ts'
import { html, type Markup, shown } from '../markup.ts'
import { me, type OwnVisit, page } from '../visit.ts'

const NOT_YOURS = err(refusal('not-found', 'There is no such person.', 'Reload the list of people.'))

export function show(visit: OwnVisit): Response {
  const people = [...visit.deps.identity.accounts()].sort((a, b) => a.name.localeCompare(b.name, 'en'))
  const body = html`<div class="head"><h1>People</h1>
<p class="lede">Everybody with an account here. Disabling somebody ends all their sessions, git passwords and tokens at once.</p></div>
<section class="card stack" id="ask"><h2>Invite a person</h2>
<form data-approve="invitation" data-reveal="fresh" data-hide="ask">
<div class="field"><label for="name">Login name</label><input id="name" name="name" required maxlength="40" autocomplete="off" autocapitalize="none" spellcheck="false"></div>
<div class="field"><label for="email">E-mail</label><input id="email" name="email" type="email" required maxlength="254" autocomplete="off"></div>
<div class="row"><button class="main">Continue</button></div><p class="say note bad" role="alert"></p></form></section>
<section class="card stack" id="fresh" hidden tabindex="-1"><h2>One-time link</h2>
<p class="note warn">It is shown this once. Send it to <strong data-show="name"></strong> in a way you trust: whoever opens it first becomes them.</p>
<div class="copy"><output class="code wrap secret" id="link" data-show="link" aria-label="One-time link"></output><button type="button" class="main" data-copy="link">Copy</button></div>
<p class="small soft">Good until <span data-show="until"></span>.</p></section>
<ul class="list">${people.map((account) => row(visit, account))}</ul>`
  return page(visit, { title: 'People', body, here: '/people', script: 'page.ts' })
}

export const approveInvitation: Describe = (visit, of) => {
  const { deps } = visit
  const name = String(of['name'] ?? '')
  const email = String(of['email'] ?? '')
  // What the forge calls a name is the forge's to say; these keep it to one printable word for the statement.
  if (!/^[A-Za-z0-9._-]{1,40}$/.test(name))
    return err(
      refusal(
        'bad-request',
        'A login name is made of letters, digits, “.”, “-” and “_”.',
        'Type another one.',
      ),
    )
  if (!/^[\x21-\x7e]+@[A-Za-z0-9.-]+$/.test(email) || email.length > 254)
    return err(refusal('bad-request', 'That is no e-mail address.', 'Type another one.'))
  return ok({
    adminOnly: true,
    wish: {
      action: 'account.invite',
      fields: [
        ['name', name],
        ['email', email],
      ],
    },
    title: `Invite ${name}?`,
    say: `An account is made at the forge for ${email}, and a one-time link to register the first passkey.`,
    async perform({ device, evidence }) {
      const invited = await deps.invite({ name, email, admin: false }, `device:${device}`, evidence)
      if (!invited.ok) return invited
      const { secret, expiresAt } = invited.value
      const until = new Date(expiresAt).toISOString()
      return ok({
        show: {
          name,
          link: `${deps.origin}/enrol#${secret}`,
          until: `${until.slice(0, 10)} ${until.slice(11, 16)} UTC`,
        },
      })
    },
  })
}

export const approveAccountState: Describe = (visit, of) => {
  const { identity } = visit.deps
  const account = typeof of['account'] === 'string' ? identity.account(accountId(of['account'])) : undefined
  if (!account) return NOT_YOURS
  if (account.id === me(visit).id)
    return err(refusal('denied', 'You cannot disable yourself.', 'Ask another administrator.'))
  const state = of['state']
  if (state !== 'active' && state !== 'disabled')
    return err(refusal('bad-request', 'An account is active or disabled.', 'Reload the page and try again.'))
  return ok({
    adminOnly: true,
    wish: {
      action: state === 'disabled' ? 'account.disable' : 'account.enable',
      fields: [
        ['name', account.name],
        ['account', account.id],
      ],
    },
    title: state === 'disabled' ? `Disable ${visible(account.name)}?` : `Enable ${visible(account.name)}?`,
    say:
      state === 'disabled'
        ? 'All their sessions, git passwords and tokens end at once.'
        : 'They can sign in again with the devices they had.',
    async perform({ device, evidence }) {
      const done = await identity.setAccountState(account.id, state, `device:${device}`, evidence)
      return done.ok ? ok({ next: '/people' }) : done
    },
  })
}

function row(visit: OwnVisit, account: Account): Markup {
  const { id, name, email, admin, state } = account
  const devices = visit.deps.identity.activeDevices(id).length
  const self = id === me(visit).id
  return html`<li class="split"><div class="stack tight"><h2>${shown(name)}</h2>
<div class="row">${admin ? html`<span class="badge">Administrator</span>` : null}${self ? html`<span class="badge good">You</span>` : null}${state === 'disabled' ? html`<span class="badge bad">Disabled</span>` : null}</div>
<dl class="facts"><div><dt>E-mail</dt><dd>${shown(email)}</dd></div><div><dt>Active devices</dt><dd>${devices}</dd></div></dl></div>
${self ? null : html`<form class="inline" data-approve="account-state"><input type="hidden" name="account" value="${id}"><input type="hidden" name="state" value="${state === 'active' ? 'disabled' : 'active'}"><button class="quiet${state === 'active' ? ' danger' : ''}" aria-label="${state === 'active' ? 'Disable' : 'Enable'} ${visible(name)}">${state === 'active' ? 'Disable' : 'Enable'}</button><p class="say note bad" role="alert"></p></form>`}</li>`
}
