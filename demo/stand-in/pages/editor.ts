import { type BranchAndPath, commitFile, commitOf, readFileAt, splitPlace } from '../git/repository.ts'
import { gitLine } from '../git/run.ts'
import { html } from '../html.ts'
import { form, notFound } from '../layout.ts'
import { type Reply, type RepoVisit, type RouteLine, redirect } from '../visit.ts'
import { repoPage } from '../with-repo.ts'
import { repoLayout } from './repo.ts'

const base = ({ owner, repo }: RepoVisit): string => `/${owner.name}/${repo.name}`

interface Place extends BranchAndPath {
  readonly dir: string
}

async function placeOf(visit: RepoVisit): Promise<Place | undefined> {
  const dir = visit.store.repoPath(visit.repo, 'code')
  const place = await splitPlace(dir, visit.params[2]!)
  return place && { dir, ...place }
}

function editor(isNew: boolean) {
  return async (visit: RepoVisit): Promise<Reply> => {
    const place = await placeOf(visit)
    const content = place && !isNew ? await readFileAt(place.dir, place.commit, place.path) : Buffer.alloc(0)
    if (!place || !content) return notFound(visit)
    const fields = html`<label>Path <input name="tree_path" value="${place.path}"></label><textarea name="content">${content.toString()}</textarea>
<input type="hidden" name="last_commit" value="${place.commit}"><input type="hidden" name="commit_choice" value="direct"><button>Commit changes</button>`
    return repoLayout(visit, isNew ? 'New file' : 'Edit file', form(visit, visit.path, fields))
  }
}

function commit(isNew: boolean) {
  return (visit: RepoVisit): Promise<Reply> =>
    inPlace(visit, (place, branch) => keep(visit, place, branch, isNew))
}

async function keep(visit: RepoVisit, place: Place, branch: string, isNew: boolean): Promise<Reply> {
  const path = visit.fields.get('tree_path') ?? ''
  if (path === '') return { status: 400 }
  const content = Buffer.from((visit.fields.get('content') ?? '').replaceAll('\r', ''))
  const message = visit.fields.get('commit_summary') || `Update '${path}'`
  await commitFile(place.dir, visit.user, {
    from: place.branch,
    to: branch,
    path,
    content,
    message,
    without: isNew || place.path === path ? undefined : place.path,
  })
  return redirect(
    branch === place.branch
      ? `${base(visit)}/src/${branch}/${path}`
      : `${base(visit)}/compare/${place.branch}...${visit.owner.name}:${branch}`,
  )
}

function remove(visit: RepoVisit): Promise<Reply> {
  return inPlace(visit, async (place, branch) => {
    await commitFile(place.dir, visit.user, {
      from: place.branch,
      to: branch,
      path: place.path,
      content: undefined,
      message: `Delete '${place.path}'`,
    })
    return redirect(`${base(visit)}/src/${branch}`)
  })
}

async function inPlace(
  visit: RepoVisit,
  then: (place: Place, branch: string) => Promise<Reply>,
): Promise<Reply> {
  const place = await placeOf(visit)
  if (!place) return notFound(visit)
  const isNew = visit.fields.get('commit_choice') === 'commit-to-new-branch'
  return then(place, isNew ? (visit.fields.get('new_branch_name') ?? '') : place.branch)
}

async function deleteBranch(visit: RepoVisit): Promise<Reply> {
  const dir = visit.store.repoPath(visit.repo, 'code')
  const branch = visit.params[2]!
  const commit = await commitOf(dir, `refs/heads/${branch}`)
  // A commit that came along is the one that is meant.
  const meant = visit.fields.get('commit') || commit
  if (branch !== visit.repo.defaultBranch && commit !== undefined && commit === meant)
    await gitLine(dir, ['update-ref', '-d', `refs/heads/${branch}`])
  return redirect(base(visit))
}

export const EDITOR: readonly RouteLine[] = [
  ['GET', '/:/:/_new/*', 'signed-in', repoPage('write', editor(true))],
  ['POST', '/:/:/_new/*', 'signed-in', repoPage('write', commit(true))],
  ['GET', '/:/:/_edit/*', 'signed-in', repoPage('write', editor(false))],
  ['POST', '/:/:/_edit/*', 'signed-in', repoPage('write', commit(false))],
  ['POST', '/:/:/_delete/*', 'signed-in', repoPage('write', remove)],
  ['POST', '/:/:/branches/delete/*', 'signed-in', repoPage('write', deleteBranch)],
]
