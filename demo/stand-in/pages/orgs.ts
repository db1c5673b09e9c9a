import { html } from '../html.ts'
import { form, layout, notFound } from '../layout.ts'
import type { User } from '../model.ts'
import { type Reply, type RouteLine, redirect, type Visit } from '../visit.ts'

const organisation = (visit: Visit): User | undefined => {
  const found = visit.store.user(visit.params[0]!)
  return found?.owners ? found : undefined
}

/** For owners, and for site administrators as in Gogs; to others it is not there. */
function owned(visit: Visit): User | undefined {
  const org = organisation(visit)
  return org && (visit.user!.admin || org.owners!.includes(visit.user!.id)) ? org : undefined
}

function create(visit: Visit): Reply {
  const name = visit.fields.get('org_name') ?? ''
  if (!/^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,34}$/.test(name) || visit.store.user(name))
    return layout(visit, 'New organisation', html`<p>This name is taken, or none.</p>`)
  visit.store.addUser(name, '', [visit.user!.id])
  return redirect(`/org/${name}/dashboard`)
}

const dashboard = (visit: Visit): Reply => {
  const org = organisation(visit)
  return org ? layout(visit, org.name, html`<p>An organisation</p>`) : notFound(visit)
}

function settings(visit: Visit): Reply {
  const org = owned(visit)
  const fields = html`<label>Password <input name="password" type="password" required></label><button>Delete this organisation</button>`
  return org
    ? layout(visit, org.name, form(visit, `/org/${org.name}/settings/delete`, fields))
    : notFound(visit)
}

/** Refused while it owns repositories. */
function remove(visit: Visit): Reply {
  const org = owned(visit)
  if (!org) return notFound(visit)
  if (visit.store.state.repos.some(({ ownerId }) => ownerId === org.id))
    return redirect(`/org/${org.name}/settings/delete`)
  visit.store.deleteUser(org)
  return redirect('/')
}

export const ORGS: readonly RouteLine[] = [
  ['POST', '/org/create', 'signed-in', create],
  ['GET', '/org/:/dashboard', 'signed-in', dashboard],
  ['GET', '/org/:/settings', 'signed-in', settings],
  ['GET', '/org/:/settings/delete', 'signed-in', settings],
  ['POST', '/org/:/settings/delete', 'signed-in', remove],
]
