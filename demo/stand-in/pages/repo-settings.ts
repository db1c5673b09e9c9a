import { html } from '../html.ts'
import { form } from '../layout.ts'
import type { Mode } from '../model.ts'
import { flash, json, type Reply, type RepoVisit, type RouteLine, redirect } from '../visit.ts'
import { repoPage } from '../with-repo.ts'
import { repoLayout } from './repo.ts'

const base = ({ owner, repo }: RepoVisit): string => `/${owner.name}/${repo.name}/settings`
const MODES: Record<string, Mode> = { 1: 'read', 2: 'write', 3: 'admin' }

function settings(visit: RepoVisit): Reply {
  const { repo } = visit
  return repoLayout(
    visit,
    'Settings',
    form(
      visit,
      base(visit),
      html`<input type="hidden" name="action" value="update"><label>Name <input name="repo_name" value="${repo.name}"></label><label>Description <input name="description" value="${repo.description ?? ''}"></label><label>Website <input name="website" value=""></label><label><input type="checkbox" name="private"${repo.private ? html` checked` : html``}> Private</label><button>Update settings</button>`,
    ),
  )
}

function update(visit: RepoVisit): Reply {
  const { repo, fields, store } = visit
  if (fields.get('action') !== 'update')
    return redirect(base(visit), [flash({ error: 'Not in this stand-in.' })])
  if (fields.get('repo_name') !== repo.name)
    return redirect(base(visit), [flash({ error: 'The stand-in renames nothing.' })])
  repo.description = fields.get('description') ?? ''
  repo.private = fields.get('private') === 'on'
  store.save()
  return redirect(base(visit), [flash({ success: 'Repository options have been updated.' })])
}

function collaboration(visit: RepoVisit): Reply {
  const { repo, store } = visit
  const rows = Object.entries(repo.collaborators).map(
    ([id, mode]) => html`<li><strong>${store.userById(Number(id))?.name ?? ''}</strong> ${mode}</li>`,
  )
  const add = html`<label>Search user <input name="collaborator" required></label><button>Add New Collaborator</button>`
  return repoLayout(
    visit,
    'Collaboration',
    html`<ul>${rows}</ul>${form(visit, `${base(visit)}/collaboration`, add)}`,
  )
}

function addCollaborator(visit: RepoVisit): Reply {
  const user = visit.store.user(visit.fields.get('collaborator') ?? '')
  const back = `${base(visit)}/collaboration`
  if (!user) return redirect(back, [flash({ error: 'The user does not exist.' })])
  if (user.id === visit.owner.id) return redirect(back)
  visit.repo.collaborators[user.id] ??= 'write'
  visit.store.save()
  return redirect(back, [flash({ success: 'New collaborator has been added.' })])
}

function setAccess(visit: RepoVisit): Reply {
  const mode = MODES[visit.fields.get('mode') ?? '']
  const id = visit.fields.get('uid') ?? ''
  if (mode && visit.repo.collaborators[id]) visit.repo.collaborators[id] = mode
  visit.store.save()
  return { status: 204 }
}

function removeCollaborator(visit: RepoVisit): Reply {
  delete visit.repo.collaborators[visit.fields.get('id') ?? '']
  visit.store.save()
  return json({ redirect: `${base(visit)}/collaboration` })
}

function hooks(visit: RepoVisit): Reply {
  return repoLayout(
    visit,
    'Webhooks',
    html`<ul>${(visit.repo.hooks ?? []).map((url) => html`<li>${url}</li>`)}</ul>`,
  )
}

function addHook(visit: RepoVisit): Reply {
  const url = visit.fields.get('payload_url') ?? ''
  if (!URL.canParse(url)) return hooks(visit)
  visit.repo.hooks = [...(visit.repo.hooks ?? []), url]
  visit.store.save()
  return redirect(`${base(visit)}/hooks`, [flash({ success: 'New webhook has been added.' })])
}

export const REPO_SETTINGS: readonly RouteLine[] = [
  ['GET', '/:/:/settings', 'signed-in', repoPage('admin', settings)],
  ['POST', '/:/:/settings', 'signed-in', repoPage('admin', update)],
  ['GET', '/:/:/settings/collaboration', 'signed-in', repoPage('admin', collaboration)],
  ['POST', '/:/:/settings/collaboration', 'signed-in', repoPage('admin', addCollaborator)],
  ['POST', '/:/:/settings/collaboration/access_mode', 'signed-in', repoPage('admin', setAccess)],
  ['POST', '/:/:/settings/collaboration/delete', 'signed-in', repoPage('admin', removeCollaborator)],
  ['GET', '/:/:/settings/hooks', 'signed-in', repoPage('admin', hooks)],
  ['POST', '/:/:/settings/hooks/gogs/new', 'signed-in', repoPage('admin', addHook)],
]
