import { refusal } from '../../core/refusal.ts'
import { ok } from '../../core/result.ts'
import type { Describe } from '../approvals.ts'
import { copyable, html, type Markup, moment, shown } from '../markup.ts'
import { me, type OwnVisit, page, refuse, see } from '../visit.ts'

export function show(visit: OwnVisit): Response {
  const { deps, now } = visit
  const account = me(visit)
  const live = deps.identity.gitPasswords(account.id).filter(({ expiresAt }) => expiresAt > now)
  const { host, protocol } = new URL(deps.forgeOrigin)
  const body = html`<div class="head"><h1>Git password</h1>
<p class="lede">A password for git over ${protocol === 'https:' ? 'HTTPS' : 'HTTP'} that lives for some hours and ends with the device that asked for it. It reads; what it pushes still has to be signed.</p></div>
<section class="card stack" id="ask"><h2>Get one</h2>
<p class="soft">It takes one touch, and it is shown once.</p>
<form data-approve="git-password" data-reveal="fresh" data-hide="ask"><div class="row"><button class="main">Get a git password</button></div><p class="say note bad" role="alert"></p></form></section>
<section class="card stack" id="fresh" hidden tabindex="-1"><h2>Your git password</h2>
<p class="note warn">It is shown this once. Leave the page and it is gone.</p>
<div class="copy"><output class="code wrap secret" id="password" data-show="password" aria-label="Git password"></output><button type="button" class="main" data-copy="password">Copy</button></div>
<p class="small soft">Good until <span data-show="until"></span>.</p></section>
<section class="card stack"><h2>How to use it</h2>
<p>When git asks, your name is <strong>${shown(account.name)}</strong>, and you paste the password. To be asked less often, let git keep it in memory:</p>
${copyable('cache-line', `git config --global credential.${protocol}//${host}.helper 'cache --timeout=36000'`, 'Credential cache command')}</section>
${live.length === 0 ? null : html`<section class="stack"><h2>In use</h2><ul class="list wide">${live.map((password) => row(visit, password))}</ul></section>`}`
  return page(visit, { title: 'Git password', body, here: '/git-password', script: 'page.ts' })
}

export const approveGitPassword: Describe = (visit) => {
  const { deps } = visit
  const account = me(visit)
  return ok({
    wish: { action: 'git-password.create', fields: [] },
    title: 'Get a git password?',
    say: 'git will be able to read everything you may read, until it ends.',
    async perform({ device, evidence }) {
      const made = await deps.identity.createGitPassword({
        account: account.id,
        device,
        session: visit.person.session.id,
        now: deps.now(),
        evidence,
      })
      if (!made.ok) return made
      const until = new Date(made.value.password.expiresAt).toISOString()
      return ok({
        show: { password: made.value.secret, until: `${until.slice(0, 10)} ${until.slice(11, 16)} UTC` },
      })
    },
  })
}

export async function end(visit: OwnVisit): Promise<Response> {
  const { identity } = visit.deps
  const password = identity.gitPasswords(me(visit).id).find(({ id }) => id === visit.params['id'])
  if (!password)
    return refuse(
      visit,
      refusal('not-found', 'You have no such git password.', 'Reload the page: it may have ended by itself.'),
    )
  await identity.revokeGitPassword(password.id, `session:${visit.person.session.id}`)
  return see('/git-password')
}

type GitPassword = ReturnType<OwnVisit['deps']['identity']['gitPasswords']>[number]

function row({ deps }: OwnVisit, { id, device, createdAt, expiresAt }: GitPassword): Markup {
  return html`<li class="split"><dl class="facts"><div><dt>From</dt><dd>${moment(createdAt)}</dd></div><div><dt>until</dt><dd>${moment(expiresAt)}</dd></div><div><dt>by</dt><dd>${shown(deps.identity.device(device)?.name ?? 'a former device')}</dd></div></dl>
<form class="inline" method="post" action="/git-password/${id}/end"><button class="quiet danger">End</button></form></li>`
}
