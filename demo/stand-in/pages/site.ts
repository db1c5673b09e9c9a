import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { accessOf } from '../access.ts'
import { createRepository, isRepoName } from '../create-repository.ts'
import { html } from '../html.ts'
import { form, layout, notFound } from '../layout.ts'
import { type Reply, type RouteLine, redirect, status, type Visit } from '../visit.ts'

/** The Gogs whose contract it speaks; a file in its home says another one, for tests. */
function versionOf({ options }: Visit): string {
  const file = join(options.home, 'version')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : '0.14.3'
}

function repoList(visit: Visit, ownerId?: number) {
  const { store, user } = visit
  const seen = store.state.repos.filter(
    (repo) =>
      (ownerId === undefined || repo.ownerId === ownerId) && (user?.admin || accessOf(store, user, repo)),
  )
  return html`<ul>${seen.map((repo) => {
    const name = `${store.userById(repo.ownerId)?.name}/${repo.name}`
    return html`<li><a href="/${name}">${name}</a>${repo.private ? ' (private)' : ''}</li>`
  })}</ul>`
}

function person(visit: Visit): Reply {
  const found = visit.store.user(visit.params[0]!)
  return found ? layout(visit, found.name, repoList(visit, found.id)) : notFound(visit)
}

function people(visit: Visit): Reply {
  return layout(
    visit,
    'Users',
    html`<ul>${visit.store.state.users.map(({ name }) => html`<li><a href="/${name}">${name}</a></li>`)}</ul>`,
  )
}

function createForm(visit: Visit, fault = '', code = 200): Reply {
  return layout(
    visit,
    'New Repository',
    html`<p>${fault}</p>${form(
      visit,
      '/repo/create',
      html`<input type="hidden" name="user_id" value="${visit.user!.id}">
<label>Repository name <input name="repo_name" required></label>
<label><input type="checkbox" name="private"> Private</label>
<label><input type="checkbox" name="auto_init" checked> Begin with a README</label>
<button>Create repository</button>`,
    )}`,
    code,
  )
}

async function create(visit: Visit): Promise<Reply> {
  const { fields, store } = visit
  const user = visit.user!
  const owner = store.userById(Number(fields.get('user_id')))
  const name = fields.get('repo_name') ?? ''
  if (!isRepoName(name)) return createForm(visit, 'This is no name for a repository.', 400)
  if (!owner || (owner.id !== user.id && !owner.owners?.includes(user.id))) return status(403)
  if (store.repo(owner.name, name)) return createForm(visit, 'The repository exists already.', 500)
  const repo = await createRepository(store, user, owner, {
    name,
    private: fields.get('private') === 'on',
    readme: fields.get('auto_init') === 'on',
  })
  return redirect(`/${owner.name}/${repo.name}`)
}

/** The page that only an organisation has; for a person it leads back to theirs. */
function organisation(visit: Visit): Reply {
  const found = visit.store.user(visit.params[0]!)
  if (!found) return notFound(visit)
  return found.owners === null ? redirect(`/${found.name}`) : people(visit)
}

function signIn(visit: Visit): Reply {
  if (visit.user) return redirect('/')
  return layout(
    visit,
    'Sign In',
    html`<p>This forge has no passwords. The gateway in front of it signs people in.</p>`,
  )
}

export const SITE: readonly RouteLine[] = [
  ['GET', '/', 'signed-in', (visit) => layout(visit, `Welcome, ${visit.user!.name}`, repoList(visit))],
  ['GET', '/explore', 'signed-in', () => redirect('/explore/repos')],
  ['GET', '/explore/repos', 'signed-in', (visit) => layout(visit, 'Repositories', repoList(visit))],
  ['GET', '/explore/users', 'signed-in', people],
  [
    'GET',
    '/admin',
    'site-admin',
    (visit) =>
      layout(
        visit,
        'Administration',
        html`<dl><dt>Application version</dt><dd>${versionOf(visit)}</dd></dl><p>${visit.store.state.users.length} users</p>`,
      ),
  ],
  ['GET', '/user/login', 'anyone', signIn],
  ['POST', '/user/logout', 'anyone', () => redirect('/')],
  ['GET', '/repo/create', 'signed-in', (visit) => createForm(visit)],
  ['POST', '/repo/create', 'signed-in', create],
  ['GET', '/org/:/members', 'signed-in', organisation],
  ['GET', '/:', 'signed-in', person],
]
