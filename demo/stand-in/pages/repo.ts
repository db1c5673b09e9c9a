import { commitOf, listBranches, listTree, readFileAt, splitPlace } from '../git/repository.ts'
import { git } from '../git/run.ts'
import { html, type Markup } from '../html.ts'
import { injected, layout, notFound } from '../layout.ts'
import type { Reply, RepoVisit, RouteLine } from '../visit.ts'
import { repoPage } from '../with-repo.ts'

const base = ({ owner, repo }: RepoVisit): string => `/${owner.name}/${repo.name}`
const dirOf = ({ store, repo }: RepoVisit): string => store.repoPath(repo, 'code')

/** A page of a repository, with the tests' script in it when there is one. */
export function repoLayout(visit: RepoVisit, title: string, content: Markup, code = 200): Reply {
  const here = base(visit)
  const tabs = ['issues', 'pulls', 'branches'].map((tab) => html`<a href="${here}/${tab}">${tab}</a> `)
  return layout(
    visit,
    `${visit.owner.name}/${visit.repo.name}`,
    html`<p><a href="${here}">files</a> ${tabs}</p><h2>${title}</h2>${content}${injected(visit)}`,
    code,
  )
}

async function home(visit: RepoVisit): Promise<Reply> {
  const { repo, options } = visit
  const clone = html`<p>Clone: <code>${options.externalUrl}${base(visit)}.git</code>${options.sshUrl === null ? '' : html` or <code>${options.sshUrl}${base(visit)}.git</code>`}</p>`
  const commit = await commitOf(dirOf(visit), `refs/heads/${repo.defaultBranch}`)
  if (!commit) return repoLayout(visit, 'Files', html`${clone}<p>There is nothing here yet.</p>`)
  const [entries, readme] = await Promise.all([
    listTree(dirOf(visit), commit),
    readFileAt(dirOf(visit), commit, 'README.md'),
  ])
  const files = entries.map(
    ({ kind, path }) =>
      html`<tr><td>${kind}</td><td><a href="${base(visit)}/src/${repo.defaultBranch}/${path}">${path}</a></td></tr>`,
  )
  return repoLayout(
    visit,
    'Files',
    html`${clone}<table>${files}</table><pre>${readme?.toString() ?? ''}</pre>`,
  )
}

/** `BRANCH/PATH`, or `COMMIT/PATH` by its full id. */
async function fileAt(visit: RepoVisit): Promise<{ name: string; content: Buffer } | undefined> {
  const tail = visit.params[2]!
  const id = /^([0-9a-f]{40})(?:\/(.*))?$/.exec(tail)
  const place = id ? { commit: id[1]!, path: id[2] ?? '' } : await splitPlace(dirOf(visit), tail)
  if (!place) return undefined
  const { commit, path: name } = place
  if (name === '')
    return {
      name: '',
      content: Buffer.from((await listTree(dirOf(visit), commit)).map(({ path }) => path).join('\n')),
    }
  const content = await readFileAt(dirOf(visit), commit, name)
  return content && { name, content }
}

const refOf = (name: string): string => (/^[0-9a-f]{40}$/.test(name) ? name : `refs/heads/${name}`)

async function source(visit: RepoVisit): Promise<Reply> {
  const file = await fileAt(visit)
  return file ? repoLayout(visit, file.name, html`<pre>${file.content.toString()}</pre>`) : notFound(visit)
}

async function raw(visit: RepoVisit): Promise<Reply> {
  const file = await fileAt(visit)
  return file ? { status: 200, type: 'text/plain; charset=utf-8', body: file.content } : notFound(visit)
}

async function branches(visit: RepoVisit): Promise<Reply> {
  const rows = (await listBranches(dirOf(visit))).map(
    ([name, id]) => html`<tr><td>${name}</td><td><code>${id}</code></td></tr>`,
  )
  return repoLayout(visit, 'Branches', html`<table>${rows}</table>`)
}

async function commits(visit: RepoVisit): Promise<Reply> {
  const commit = await commitOf(dirOf(visit), refOf(visit.params[2]!))
  if (!commit) return notFound(visit)
  const { out } = await git(dirOf(visit), ['log', '--max-count=50', '--format=%h %s', commit])
  return repoLayout(visit, 'Commits', html`<pre>${out.toString()}</pre>`)
}

export const REPO: readonly RouteLine[] = [
  ['GET', '/:/:', 'reader', repoPage('read', home)],
  ['GET', '/:/:/src/*', 'reader', repoPage('read', source)],
  ['GET', '/:/:/raw/*', 'reader', repoPage('read', raw)],
  ['GET', '/:/:/commits/*', 'reader', repoPage('read', commits)],
  ['GET', '/:/:/branches', 'reader', repoPage('read', branches)],
]
