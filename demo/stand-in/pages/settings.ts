import { html } from '../html.ts'
import { form, layout } from '../layout.ts'
import { flash, json, type Reply, type RouteLine, redirect, type Visit } from '../visit.ts'

const TOKENS = '/user/settings/applications'

function profile(visit: Visit): Reply {
  const user = visit.user!
  return layout(
    visit,
    'Settings',
    html`${form(visit, '/user/settings', html`<label>Name <input name="name" value="${user.name}" required></label><button>Update profile</button>`)}<label>E-mail <input name="email" value="${user.email}" readonly></label>
<p><a href="${TOKENS}">Access tokens</a></p>`,
  )
}

/** A new name counts at once; the old one is then free for anybody. */
function update(visit: Visit): Reply {
  const name = visit.fields.get('name') ?? ''
  const taken = visit.store.user(name)
  if (!/^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,34}$/.test(name) || (taken && taken !== visit.user))
    return profile(visit)
  visit.user!.name = name
  visit.store.save()
  return redirect('/user/settings')
}

function tokens(visit: Visit, code = 200): Reply {
  const mine = visit.store.state.tokens.filter(({ userId }) => userId === visit.user!.id)
  const rows = mine.map(
    ({ id, name }) =>
      html`<li><strong>${name}</strong> <button class="delete-button" data-url="${TOKENS}/delete" data-id="${id}">Delete</button></li>`,
  )
  return layout(
    visit,
    'Access Tokens',
    html`<ul>${rows}</ul>${form(visit, TOKENS, html`<label>Name <input name="name" required></label><button>Generate token</button>`)}`,
    code,
  )
}

/** The new token travels in the flash cookie of the redirect, as in Gogs, and is shown nowhere else. */
function mint(visit: Visit): Reply {
  const name = visit.fields.get('name') ?? ''
  const user = visit.user!
  if (name === '') return tokens(visit, 400)
  if (visit.store.state.tokens.some((token) => token.userId === user.id && token.name === name)) {
    return redirect(TOKENS, [flash({ error: 'Token with same name already exists.' })])
  }
  return redirect(TOKENS, [flash({ info: visit.store.addToken(user, name), success: 'The token was made.' })])
}

function remove(visit: Visit): Reply {
  const { state } = visit.store
  const id = Number(visit.fields.get('id'))
  state.tokens = state.tokens.filter((token) => token.id !== id || token.userId !== visit.user!.id)
  visit.store.save()
  return json({ redirect: TOKENS })
}

export const SETTINGS: readonly RouteLine[] = [
  ['GET', '/user/settings', 'signed-in', profile],
  ['POST', '/user/settings', 'signed-in', update],
  ['GET', TOKENS, 'signed-in', (visit) => tokens(visit)],
  ['POST', TOKENS, 'signed-in', mint],
  ['POST', `${TOKENS}/delete`, 'signed-in', remove],
]
