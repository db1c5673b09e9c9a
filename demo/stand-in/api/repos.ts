import { commitFile, commitOf, listBranches, readFileAt } from '../git/repository.ts'
import type { Mode } from '../model.ts'
import { newIssue } from '../pages/issues.ts'
import { json, type Reply, type RepoVisit, type RouteLine, status } from '../visit.ts'
import { repoApi } from '../with-repo.ts'
import { repoShape, userShape } from './shapes.ts'

async function branches(visit: RepoVisit): Promise<Reply> {
  const rows = await listBranches(visit.store.repoPath(visit.repo, 'code'))
  return json(rows.map(([name, id]) => ({ name, commit: { id } })))
}

async function branch(visit: RepoVisit): Promise<Reply> {
  const name = visit.params[2]!
  const id = await commitOf(visit.store.repoPath(visit.repo, 'code'), `refs/heads/${name}`)
  return id === undefined ? status(404) : json({ name, commit: { id } })
}

function addCollaborator(visit: RepoVisit): Reply {
  const user = visit.store.user(visit.params[2]!)
  if (!user) return status(422)
  const wanted = visit.json['permission']
  visit.repo.collaborators[user.id] =
    (['read', 'write', 'admin'] as Mode[]).find((mode) => mode === wanted) ?? 'write'
  visit.store.save()
  return status(204)
}

function removeCollaborator(visit: RepoVisit): Reply {
  const user = visit.store.user(visit.params[2]!)
  if (!user) return status(422)
  delete visit.repo.collaborators[user.id]
  visit.store.save()
  return status(204)
}

function isCollaborator(visit: RepoVisit): Reply {
  const user = visit.store.user(visit.params[2]!)
  if (!user) return status(422)
  return status(visit.repo.collaborators[user.id] ? 204 : 404)
}

function createIssue(visit: RepoVisit): Reply {
  const { title, body } = visit.json
  if (typeof title !== 'string' || title === '') return status(422)
  const issue = newIssue(visit, title, typeof body === 'string' ? body : '', null)
  return json(
    {
      id: issue.index,
      number: issue.index,
      user: userShape(visit.user),
      title,
      body: issue.content,
      state: 'open',
    },
    201,
  )
}

async function contents(visit: RepoVisit): Promise<Reply> {
  const dir = visit.store.repoPath(visit.repo, 'code')
  const ref = visit.fields.get('ref') || visit.repo.defaultBranch
  const commit = await commitOf(dir, `refs/heads/${ref}`)
  const path = visit.params[2]!
  const file = commit && (await readFileAt(dir, commit, path))
  return file
    ? json({ type: 'file', path, encoding: 'base64', content: file.toString('base64') })
    : status(404)
}

/** The contents API: a commit on the default branch or on a new one, with nothing but a token. */
async function putContents(visit: RepoVisit): Promise<Reply> {
  const { message, content, branch: to } = visit.json
  if (typeof message !== 'string' || typeof content !== 'string') return status(422)
  const from = visit.repo.defaultBranch
  const sha = await commitFile(visit.store.repoPath(visit.repo, 'code'), visit.user, {
    from,
    to: typeof to === 'string' && to !== '' ? to : from,
    path: visit.params[2]!,
    content: Buffer.from(content, 'base64'),
    message,
  })
  return json({ commit: { sha } }, 201)
}

export const REPO_API: readonly RouteLine[] = [
  [
    'GET',
    '/api/v1/repos/:/:',
    'reader',
    repoApi('read', ({ repo, owner, mode }) => json(repoShape(repo, owner, mode))),
  ],
  ['GET', '/api/v1/repos/:/:/branches', 'token', repoApi('read', branches)],
  ['GET', '/api/v1/repos/:/:/branches/*', 'token', repoApi('read', branch)],
  ['GET', '/api/v1/repos/:/:/collaborators/:', 'token', repoApi('admin', isCollaborator)],
  ['PUT', '/api/v1/repos/:/:/collaborators/:', 'token', repoApi('admin', addCollaborator)],
  ['DELETE', '/api/v1/repos/:/:/collaborators/:', 'token', repoApi('admin', removeCollaborator)],
  ['POST', '/api/v1/repos/:/:/issues', 'token', repoApi('read', createIssue)],
  ['GET', '/api/v1/repos/:/:/contents/*', 'token', repoApi('read', contents)],
  ['PUT', '/api/v1/repos/:/:/contents/*', 'token', repoApi('write', putContents)],
]
