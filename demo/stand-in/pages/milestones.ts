import { html } from '../html.ts'
import { notFound } from '../layout.ts'
import { type Reply, type RepoVisit, type RouteLine, redirect } from '../visit.ts'
import { repoPage } from '../with-repo.ts'
import { repoLayout } from './repo.ts'

const list = ({ owner, repo }: RepoVisit): string => `/${owner.name}/${repo.name}/milestones`

function create(visit: RepoVisit): Reply {
  const title = visit.fields.get('title') ?? ''
  visit.repo.milestones.push({ id: ++visit.store.state.lastId.milestone, title, closed: false })
  visit.store.save()
  return redirect(list(visit))
}

/** A GET that changes something, as Gogs has it: one of the things a gateway must not let pass. */
function setStatus(visit: RepoVisit): Reply {
  const milestone = visit.repo.milestones.find(({ id }) => id === Number(visit.params[2]))
  if (!milestone) return notFound(visit)
  const action = visit.params[3]
  if (action === 'open' || action === 'close') milestone.closed = action === 'close'
  visit.store.save()
  return redirect(`${list(visit)}?state=${milestone.closed ? 'closed' : 'open'}`)
}

function view(visit: RepoVisit): Reply {
  const wanted = visit.fields.get('state') === 'closed'
  const rows = visit.repo.milestones
    .filter(({ closed }) => closed === wanted)
    .map(({ title }) => html`<li>${title}</li>`)
  return repoLayout(visit, 'Milestones', html`<ul>${rows}</ul>`)
}

export const MILESTONES: readonly RouteLine[] = [
  ['GET', '/:/:/milestones', 'reader', repoPage('read', view)],
  ['POST', '/:/:/milestones/new', 'signed-in', repoPage('write', create)],
  ['GET', '/:/:/milestones/#/:', 'signed-in', repoPage('write', setStatus)],
]
