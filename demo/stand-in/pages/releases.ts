import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomUuid } from '../../../src/core/crypto.ts'
import { accessOf } from '../access.ts'
import { commitOf } from '../git/repository.ts'
import { git, gitLine } from '../git/run.ts'
import { html } from '../html.ts'
import { form, notFound } from '../layout.ts'
import type { Release } from '../model.ts'
import { json, type Reply, type RepoVisit, type RouteLine, redirect, status, type Visit } from '../visit.ts'
import { repoApi, repoPage } from '../with-repo.ts'
import { repoLayout } from './repo.ts'

const list = ({ owner, repo }: RepoVisit): string => `/${owner.name}/${repo.name}/releases`
const dirOf = ({ store, repo }: RepoVisit): string => store.repoPath(repo, 'code')
const releasesOf = ({ repo }: RepoVisit): Release[] => (repo.releases ??= [])
const sameTag = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

function view(visit: RepoVisit): Reply {
  const rows = releasesOf(visit).map(
    ({ tag, title, draft, files = [] }) =>
      html`<li><a href="${list(visit)}/edit/${tag}">${title}</a> ${tag}${draft ? ' (draft)' : ''} ${files.map((uuid) => html`<a href="/attachments/${uuid}">${uuid}</a>`)}</li>`,
  )
  return repoLayout(visit, 'Releases', html`<a href="${list(visit)}/new">New release</a><ul>${rows}</ul>`)
}

function written(release: Partial<Release>): ReturnType<typeof html> {
  return html`<label>Title <input name="title" value="${release.title ?? ''}" required></label><textarea name="content">${release.notes ?? ''}</textarea><input type="checkbox" name="prerelease"><button>Publish release</button><button name="draft" value="Save draft">Save draft</button>`
}

function blank(visit: RepoVisit): Reply {
  const tag = html`<input name="tag_name" required><input type="hidden" name="tag_target" value="${visit.repo.defaultBranch}">`
  return repoLayout(visit, 'New release', form(visit, visit.path, html`${tag}${written({})}`))
}

/** As Gogs does: a published release makes its tag at the branch's tip unless there is one of that name. */
async function publish(visit: RepoVisit, { tag, target, draft }: Release): Promise<boolean> {
  if (draft || (await commitOf(dirOf(visit), `refs/tags/${tag}`)) !== undefined) return true
  const commit = await commitOf(dirOf(visit), `refs/heads/${target}`)
  if (commit === undefined) return false
  await gitLine(dirOf(visit), ['tag', '--', tag, commit])
  return true
}

const folder = ({ options }: Visit): string => join(options.home, 'attachments')

/** A file that belongs to nothing yet, and that nobody can read until it does. */
async function attach(visit: Visit): Promise<Reply> {
  if (!visit.file) return status(400)
  const uuid = randomUuid()
  mkdirSync(folder(visit), { recursive: true })
  writeFileSync(join(folder(visit), uuid), Buffer.from(await visit.file.arrayBuffer()))
  return json({ uuid })
}

/** For whoever may read the repository of the release that has it. */
function attached(visit: Visit): Reply {
  const uuid = visit.params[0]!
  const repo = visit.store.state.repos.find(({ releases = [] }) =>
    releases.some(({ files = [] }) => files.includes(uuid)),
  )
  if (!repo || !accessOf(visit.store, visit.user, repo)) return notFound(visit)
  return { status: 200, type: 'application/octet-stream', body: readFileSync(join(folder(visit), uuid)) }
}

async function create(visit: RepoVisit): Promise<Reply> {
  const said = (name: string): string => visit.fields.get(name) ?? ''
  const release: Release = {
    id: visit.store.state.lastId.release + 1,
    tag: said('tag_name'),
    target: said('tag_target'),
    title: said('title'),
    notes: said('content'),
    draft: said('draft') !== '',
    files: visit.fields.getAll('files'),
  }
  const all = releasesOf(visit)
  if (all.some(({ tag }) => sameTag(tag, release.tag))) return blank(visit)
  if (!(await publish(visit, release))) return blank(visit)
  all.push(release)
  visit.store.state.lastId.release = release.id
  visit.store.save()
  return redirect(list(visit))
}

const named = (visit: RepoVisit): Release | undefined =>
  releasesOf(visit).find(({ tag }) => sameTag(tag, visit.params[2]!))

function edit(visit: RepoVisit): Reply {
  const release = named(visit)
  return release ? repoLayout(visit, release.tag, form(visit, visit.path, written(release))) : notFound(visit)
}

async function update(visit: RepoVisit): Promise<Reply> {
  const release = named(visit)
  if (!release) return notFound(visit)
  const draft = (visit.fields.get('draft') ?? '') !== ''
  if (!(await publish(visit, { ...release, draft }))) return { status: 500 }
  release.title = visit.fields.get('title') ?? ''
  release.notes = visit.fields.get('content') ?? ''
  release.draft = draft
  release.files = visit.fields.getAll('files')
  visit.store.save()
  return redirect(list(visit))
}

/** The tag goes with the release. */
async function remove(visit: RepoVisit): Promise<Reply> {
  const all = releasesOf(visit)
  const at = all.findIndex(({ id }) => String(id) === visit.fields.get('id'))
  if (at >= 0) {
    await git(dirOf(visit), ['tag', '-d', '--', all[at]!.tag])
    all.splice(at, 1)
    visit.store.save()
  }
  return json({ redirect: list(visit) })
}

const listed = (visit: RepoVisit): Reply =>
  json(
    releasesOf(visit).map(({ id, tag, target, title, draft }) => ({
      id,
      tag_name: tag,
      target_commitish: target,
      name: title,
      draft,
    })),
  )

export const RELEASES: readonly RouteLine[] = [
  ['GET', '/:/:/releases', 'signed-in', repoPage('read', view)],
  ['GET', '/:/:/releases/new', 'signed-in', repoPage('write', blank)],
  ['POST', '/:/:/releases/new', 'signed-in', repoPage('write', create)],
  ['GET', '/:/:/releases/edit/*', 'signed-in', repoPage('write', edit)],
  ['POST', '/:/:/releases/edit/*', 'signed-in', repoPage('write', update)],
  ['POST', '/:/:/releases/delete', 'signed-in', repoPage('write', remove)],
  ['POST', '/releases/attachments', 'signed-in', attach],
  ['GET', '/attachments/:', 'signed-in', attached],
  ['GET', '/api/v1/repos/:/:/releases', 'signed-in', repoApi('read', listed)],
]
