import { commitOf, mergeBranch } from '../git/repository.ts'
import { gitLine } from '../git/run.ts'
import { html } from '../html.ts'
import { form, notFound } from '../layout.ts'
import { type Reply, type RepoVisit, type RouteLine, redirect, status } from '../visit.ts'
import { repoPage } from '../with-repo.ts'
import { issueOf, listIssues, newIssue, viewIssue } from './issues.ts'
import { repoLayout } from './repo.ts'

const base = ({ owner, repo }: RepoVisit): string => `/${owner.name}/${repo.name}`

/** `BASE...HEAD` or `BASE...OWNER:HEAD` with both branches in this repository: the stand-in knows no forks. */
async function compared(visit: RepoVisit): Promise<{ base: string; head: string } | undefined> {
  const [into, from] = visit.params[2]!.split('...')
  const head = from?.split(':').at(-1)
  if (!into || !head) return undefined
  const dir = visit.store.repoPath(visit.repo, 'code')
  const both = await Promise.all([into, head].map((branch) => commitOf(dir, `refs/heads/${branch}`)))
  return both.every((id) => id !== undefined) ? { base: into, head } : undefined
}

async function compare(visit: RepoVisit): Promise<Reply> {
  const branches = await compared(visit)
  if (!branches) return notFound(visit)
  const fields = html`<label>Title <input name="title" required></label><textarea name="content"></textarea><button>Create pull request</button>`
  return repoLayout(visit, `${branches.base} from ${branches.head}`, form(visit, visit.path, fields))
}

async function create(visit: RepoVisit): Promise<Reply> {
  const branches = await compared(visit)
  if (!branches) return notFound(visit)
  const issue = newIssue(visit, visit.fields.get('title') ?? '', visit.fields.get('content') ?? '', {
    ...branches,
    merged: false,
  })
  const dir = visit.store.repoPath(visit.repo, 'code')
  await gitLine(dir, ['update-ref', `refs/pull/${issue.index}/head`, `refs/heads/${branches.head}`])
  return redirect(`${base(visit)}/pulls/${issue.index}`)
}

async function merge(visit: RepoVisit): Promise<Reply> {
  const issue = issueOf(visit)
  if (!issue?.pull || issue.closed || issue.pull.merged) return notFound(visit)
  if (visit.fields.get('merge_style') !== 'create_merge_commit') return status(500)
  const { base: into, head } = issue.pull
  const commit = await mergeBranch(
    visit.store.repoPath(visit.repo, 'code'),
    visit.user,
    into,
    head,
    `Merge branch '${head}' into ${into}`,
  )
  if (!commit) return status(500)
  issue.pull.merged = true
  issue.closed = true
  visit.store.save()
  return redirect(`${base(visit)}/pulls/${issue.index}`)
}

export const PULLS: readonly RouteLine[] = [
  ['GET', '/:/:/pulls', 'reader', repoPage('read', (visit) => listIssues(visit, true))],
  ['GET', '/:/:/pulls/#', 'reader', repoPage('read', (visit) => viewIssue(visit, true))],
  ['POST', '/:/:/pulls/#/merge', 'signed-in', repoPage('write', merge)],
  ['GET', '/:/:/compare/*', 'signed-in', repoPage('write', compare)],
  ['POST', '/:/:/compare/*', 'signed-in', repoPage('write', create)],
]
