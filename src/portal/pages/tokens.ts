import { scopeFields } from '../../core/action/token-scope.ts'
import { refusal } from '../../core/refusal.ts'
import { ok } from '../../core/result.ts'
import type { ApiToken } from '../../identity/identity.ts'
import type { Describe } from '../approvals.ts'
import { visible } from '../display.ts'
import { html, type Markup, moment, shown } from '../markup.ts'
import { me, type OwnVisit, page, refuse, see } from '../visit.ts'
import { readTokenWish } from './token-wish.ts'

const HOUR = 60
const DAY = 24 * HOUR
/** Offered lives, in minutes. */
const LIVES: readonly (readonly [minutes: number, words: string])[] = [
  [HOUR, '1 hour'],
  [8 * HOUR, '8 hours'],
  [DAY, '1 day'],
  [7 * DAY, '7 days'],
  [30 * DAY, '30 days'],
  [90 * DAY, '90 days'],
  [365 * DAY, '1 year'],
]

export function show(visit: OwnVisit): Response {
  const { deps } = visit
  const live = deps.identity.apiTokens(me(visit).id)
  const body = html`<div class="head"><h1>Tokens</h1>
<p class="lede">A token lets a program use the programming interface of the forge as you: only for what you name, and only for a while. What takes a touch of your key still takes it.</p></div>
<section class="card stack" id="ask"><h2>Make one</h2>
<form class="stack" data-approve="token" data-reveal="fresh" data-hide="ask">
<div class="field"><label for="name">What it is for</label><input id="name" name="name" required maxlength="60" autocomplete="off" placeholder="nightly report"></div>
<fieldset class="wide"><legend>What it may do</legend>
${choice('level', 'read', 'Read', 'repositories, issues, people', true)}
${choice('level', 'ride', 'Read, and write issues', 'comments, labels, milestones, new repositories as well')}
${choice('level', 'change', 'Ask for changes, too', 'each waits here until you confirm it with your key')}
${choice('level', 'chosen', 'Only these actions', 'one on each line, as policies name them')}
<div class="field wide when-chosen"><label for="actions">Actions</label><textarea id="actions" name="actions" maxlength="2000" spellcheck="false" autocomplete="off" placeholder="issue.create"></textarea></div></fieldset>
<fieldset class="wide"><legend>Where</legend>
${choice('reach', 'listed', 'Only in these repositories', 'one on each line: owner/name', true)}
<div class="field wide when-listed"><label for="repos">Repositories</label><textarea id="repos" name="repos" maxlength="4000" spellcheck="false" autocomplete="off" placeholder="${me(visit).name}/project"></textarea></div>
${choice('reach', 'all', 'Everywhere', 'all that you may see, now and later')}</fieldset>
<div class="field"><label for="minutes">For how long</label><select id="minutes" name="minutes">${lives(deps.identity.tokenLife)}</select></div>
<div class="row"><button class="main">Make a token</button></div><p class="say note bad" role="alert"></p></form></section>
<section class="card stack" id="fresh" hidden tabindex="-1"><h2>Your token</h2>
<p class="note warn">It is shown this once. Leave the page and it is gone.</p>
<div class="copy"><output class="code wrap secret" id="token" data-show="token" aria-label="Token"></output><button type="button" class="main" data-copy="token">Copy</button></div>
<p class="small soft">Good until <span data-show="until"></span>. Programs send it with each request:</p>
<pre class="code wrap" tabindex="0" aria-label="How a program sends it">Authorization: token cst_…</pre></section>
${live.length === 0 ? null : html`<section class="stack"><h2>In use</h2><ul class="list wide">${live.map((token) => row(visit, token))}</ul></section>`}`
  return page(visit, { title: 'Tokens', body, here: '/tokens', script: 'page.ts' })
}

export const approveToken: Describe = async (visit, of) => {
  const { deps } = visit
  const account = me(visit)
  const wish = await readTokenWish(of, account, deps.tokenDesk, deps.identity.tokenLife)
  if (!wish.ok) return wish
  const { name, scope, life } = wish.value
  const expiresAt = Math.floor((deps.now() + life) / 1000) * 1000
  return ok({
    wish: {
      action: 'token.create',
      fields: [
        ['name', name],
        ...scopeFields(scope),
        ['until', `${new Date(expiresAt).toISOString().slice(0, 19)}Z`],
      ],
    },
    title: `Make the token “${visible(name)}”?`,
    say: 'Whoever holds it may do this as you, until it ends. Below is the whole of its reach.',
    async perform({ device, uv, evidence }) {
      const used = deps.identity.device(device)
      const denied = used && deps.tokenDesk.allowed(account, used, uv)
      if (!used || denied) return { ok: false, error: denied ?? NONE }
      const made = await deps.identity.createToken({
        account: account.id,
        device,
        name,
        scope,
        expiresAt,
        now: deps.now(),
        evidence,
      })
      if (!made.ok) return made
      const until = new Date(made.value.token.expiresAt).toISOString()
      return ok({
        show: { token: made.value.secret, until: `${until.slice(0, 10)} ${until.slice(11, 16)} UTC` },
      })
    },
  })
}

const NONE = refusal('not-found', 'You have no such token.', 'Reload the page: it may have ended by itself.')

export async function end(visit: OwnVisit): Promise<Response> {
  const { identity } = visit.deps
  const token = identity.apiTokens(me(visit).id).find(({ id }) => id === visit.params['id'])
  if (!token) return refuse(visit, NONE)
  await identity.endToken(token.id, `session:${visit.person.session.id}`)
  return see('/tokens')
}

function choice(name: string, value: string, label: string, hint: string, first = false): Markup {
  return html`<div class="choice"><input type="radio" id="${name}-${value}" name="${name}" value="${value}"${first ? html` checked` : null}><label for="${name}-${value}">${label}<span class="choice-hint">${hint}</span></label></div>`
}

function lives(longest: number): Markup[] {
  const fit = LIVES.filter(([minutes]) => minutes * 60_000 <= longest)
  const offered = fit.length > 0 ? fit : [[Math.floor(longest / 60_000), 'as long as allowed here'] as const]
  const usual = offered.find(([minutes]) => minutes === 7 * DAY) ?? offered.at(-1)!
  return offered.map(
    (one) =>
      html`<option value="${String(one[0])}"${one === usual ? html` selected` : null}>${one[1]}</option>`,
  )
}

function row({ deps }: OwnVisit, { id, name, scope, device, createdAt, expiresAt }: ApiToken): Markup {
  const where =
    scope.repos === null
      ? html`everywhere`
      : html`${scope.repos.map(({ owner, name: repo }, at) => html`${at === 0 ? null : ', '}${shown(`${owner}/${repo}`)}`)}`
  return html`<li class="split"><div class="stack tight"><h3>${shown(name)}</h3>
<dl class="facts"><div><dt>May</dt><dd>${scope.may.join(', ')}</dd></div><div><dt>in</dt><dd>${where}</dd></div></dl>
<dl class="facts"><div><dt>From</dt><dd>${moment(createdAt)}</dd></div><div><dt>until</dt><dd>${moment(expiresAt)}</dd></div><div><dt>by</dt><dd>${shown(deps.identity.device(device)?.name ?? 'a former device')}</dd></div></dl></div>
<form class="inline" method="post" action="/tokens/${id}/end"><button class="quiet danger" aria-label="End the token ${visible(name)}">End</button></form></li>`
}
