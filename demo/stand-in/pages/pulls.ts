import { accessOf, allows } from '../access.ts'
import { commitOf, commitsBetween, copyRepository, mergeBranch } from '../git/repository.ts'
import { gitLine } from '../git/run.ts'
import { html } from '../html.ts'
import { form, layout, notFound } from '../layout.ts'
import type { Issue, Repo } from '../model.ts'
import { type Reply, type RepoVisit, type RouteLine, redirect, status, type Visit } from '../visit.ts'
import { repoPage } from '../with-repo.ts'
import { issueOf, listIssues, newIssue, viewIssue } from './issues.ts'
import { repoLayout } from './repo.ts'

const base = ({ owner, repo }: RepoVisit): string => `/${owner.name}/${repo.name}`

interface Side {
  readonly repo: Repo
  readonly dir: string
  readonly branch: string
}

const side = ({ store }: Visit, repo: Repo, branch: string): Side => ({
  repo,
  dir: store.repoPath(repo, 'code'),
  branch,
})

/** The two branches of a pull request; a repository that is gone leaves nothing. */
function sidesOf(
  visit: RepoVisit,
  { base: into, head, headRepo }: NonNullable<Issue['pull']>,
): [Side, Side?] {
  const from = headRepo === undefined ? visit.repo : visit.store.state.repos.find(({ id }) => id === headRepo)
  return from ? [side(visit, visit.repo, into), side(visit, from, head)] : [side(visit, visit.repo, into)]
}

/** `BASE...HEAD`, or `BASE...OWNER:HEAD` with a branch of OWNER's fork of this repository, to which one may write. */
async function compared(visit: RepoVisit): Promise<readonly [Side, Side] | undefined> {
  const { store, repo, owner, user } = visit
  const [into, from] = visit.params[2]!.split('...')
  const [whose, head] = from?.includes(':') ? from.split(':') : [owner.name, from]
  const person = store.user(whose ?? '')
  if (!into || !head || !person) return undefined
  const source =
    person.id === owner.id
      ? repo
      : store.state.repos.find(({ forkOf, ownerId }) => forkOf === repo.id && ownerId === person.id)
  if (!source || !allows(accessOf(store, user, source), 'write')) return undefined
  const sides = [side(visit, repo, into), side(visit, source, head)] as const
  const both = await Promise.all(sides.map(({ dir, branch }) => commitOf(dir, `refs/heads/${branch}`)))
  return both.every((id) => id !== undefined) ? sides : undefined
}

async function compare(visit: RepoVisit): Promise<Reply> {
  const branches = await compared(visit)
  if (!branches) return notFound(visit)
  const fields = html`<label>Title <input name="title" required></label><textarea name="content"></textarea><button>Create pull request</button>`
  return repoLayout(
    visit,
    `${branches[0].branch} from ${branches[1].branch}`,
    form(visit, visit.path, fields),
  )
}

async function create(visit: RepoVisit): Promise<Reply> {
  const branches = await compared(visit)
  if (!branches) return notFound(visit)
  const [into, from] = branches
  const issue = newIssue(visit, visit.fields.get('title') ?? '', visit.fields.get('content') ?? '', {
    base: into.branch,
    head: from.branch,
    ...(from.repo !== visit.repo && { headRepo: from.repo.id }),
    merged: false,
  })
  const ref = `refs/pull/${issue.index}/head`
  await gitLine(into.dir, [
    'fetch',
    '--quiet',
    '--no-tags',
    '--',
    from.dir,
    `refs/heads/${from.branch}:${ref}`,
  ])
  return redirect(`${base(visit)}/pulls/${issue.index}`)
}

/** What Gogs says on top of a pull request, in its markup: the only place where it names the branches. */
async function view(visit: RepoVisit): Promise<Reply> {
  const issue = issueOf(visit)
  if (!issue) return notFound(visit)
  const { pull } = issue
  if (!pull) return redirect(`${base(visit)}/issues/${issue.index}`)
  const [into, from] = sidesOf(visit, pull)
  const commits = from && (await commitsBetween(into, from))
  const gone = async (one: Side | undefined): Promise<boolean> =>
    !one || (await commitOf(one.dir, `refs/heads/${one.branch}`)) === undefined
  const whose = from && visit.store.userById(from.repo.ownerId)
  const head = (await gone(from)) ? 'deleted' : `${whose?.name ?? ''}/${pull.head}`
  const target = (await gone(into)) ? 'deleted' : `${visit.owner.name}/${pull.base}`
  const [look, icon] = pull.merged
    ? ['purple', 'git-pull-request']
    : issue.closed
      ? ['red', 'issue-closed']
      : ['green', 'issue-opened']
  const title = html`<div class="sixteen wide column title"><div class="ui ${look!} large label"><i class="octicon octicon-${icon!}"></i> ${look!}</div>
<span class="pull-desc">wants to merge ${commits?.length ?? 0} commits from <code>${head}</code> into <code>${target}</code></span>
<p><a href="${base(visit)}/pulls/${visit.params[2]!}/commits">Commits</a></p><div class="ui divider"></div></div>`
  return viewIssue(visit, true, title)
}

/** The commits of a pull request, each with a link into the repository that it comes from. */
async function list(visit: RepoVisit): Promise<Reply> {
  const pull = issueOf(visit)?.pull
  const [into, from] = pull ? sidesOf(visit, pull) : []
  const commits = into && from && (await commitsBetween(into, from))
  const whose = from && visit.store.userById(from.repo.ownerId)
  if (!commits || !whose) return notFound(visit)
  const rows = commits.map(
    (id) =>
      html`<tr><td><a rel="nofollow" class="ui sha label" href="/${whose.name}/${from.repo.name}/commit/${id}">${id.slice(0, 10)}</a></td></tr>`,
  )
  return repoLayout(visit, 'Commits', html`<table>${rows}</table>`)
}

async function merge(visit: RepoVisit): Promise<Reply> {
  const issue = issueOf(visit)
  if (!issue?.pull || issue.closed || issue.pull.merged) return notFound(visit)
  if (visit.fields.get('merge_style') !== 'create_merge_commit') return status(500)
  const [into, from] = sidesOf(visit, issue.pull)
  if (!from) return notFound(visit)
  const whose = visit.store.userById(from.repo.ownerId)?.name ?? ''
  const title = `Merge branch '${from.branch}' of ${whose}/${from.repo.name} into ${into.branch}`
  const words = visit.fields.get('commit_description') ?? ''
  if (!(await mergeBranch(into, from, visit.user, words === '' ? [title] : [title, words])))
    return status(500)
  issue.pull.merged = true
  issue.closed = true
  visit.store.save()
  return redirect(`${base(visit)}/pulls/${issue.index}`)
}

/** A repository that one may read, by its id. */
function original(visit: Visit): Repo | undefined {
  const repo = visit.store.state.repos.find(({ id }) => id === Number(visit.params[0]))
  return repo && accessOf(visit.store, visit.user, repo) ? repo : undefined
}

function forkForm(visit: Visit): Reply {
  const repo = original(visit)
  if (!repo) return notFound(visit)
  const fields = html`<input type="hidden" name="user_id" value="${visit.user!.id}"><label>Name <input name="repo_name" value="${repo.name}" required></label><button>Fork</button>`
  return layout(visit, `Fork ${repo.name}`, form(visit, visit.path, fields))
}

async function fork(visit: Visit): Promise<Reply> {
  const { store, user, fields } = visit
  const repo = original(visit)
  const name = fields.get('repo_name') ?? ''
  if (!repo || !user || Number(fields.get('user_id')) !== user.id) return notFound(visit)
  if (repo.ownerId === user.id || store.repo(user.name, name)) return forkForm(visit)
  const id = ++store.state.lastId.repo
  const made: Repo = {
    id,
    ownerId: user.id,
    name,
    private: repo.private,
    forkOf: repo.id,
    defaultBranch: repo.defaultBranch,
    collaborators: {},
    issues: [],
    milestones: [],
  }
  await copyRepository(store.repoPath(repo, 'code'), store.repoPath(made, 'code'))
  store.state.repos.push(made)
  store.save()
  return redirect(`/${user.name}/${name}`)
}

export const PULLS: readonly RouteLine[] = [
  ['GET', '/repo/fork/#', 'signed-in', forkForm],
  ['POST', '/repo/fork/#', 'signed-in', fork],
  ['GET', '/:/:/pulls', 'reader', repoPage('read', (visit) => listIssues(visit, true))],
  ['GET', '/:/:/pulls/#', 'reader', repoPage('read', view)],
  ['GET', '/:/:/pulls/#/commits', 'reader', repoPage('read', list)],
  ['POST', '/:/:/pulls/#/merge', 'signed-in', repoPage('write', merge)],
  ['GET', '/:/:/compare/*', 'signed-in', repoPage('read', compare)],
  ['POST', '/:/:/compare/*', 'signed-in', repoPage('read', create)],
]
