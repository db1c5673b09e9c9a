import { allows } from '../access.ts'
import { html, type Markup } from '../html.ts'
import { form, notFound } from '../layout.ts'
import type { Comment, Issue } from '../model.ts'
import { json, type Reply, type RepoVisit, type RouteLine, redirect, status } from '../visit.ts'
import { repoPage } from '../with-repo.ts'
import { repoLayout } from './repo.ts'

const base = ({ owner, repo }: RepoVisit): string => `/${owner.name}/${repo.name}`

export function nextIndex({ repo }: RepoVisit): number {
  return repo.issues.reduce((most, { index }) => Math.max(most, index), 0) + 1
}

export function newIssue(visit: RepoVisit, title: string, content: string, pull: Issue['pull']): Issue {
  const issue: Issue = {
    index: nextIndex(visit),
    title,
    content,
    posterId: visit.user.id,
    closed: false,
    assigneeId: 0,
    milestoneId: 0,
    comments: [],
    pull,
  }
  visit.repo.issues.push(issue)
  visit.store.save()
  return issue
}

/** A list of issues, or of pull requests. */
export function listIssues(visit: RepoVisit, pulls: boolean): Reply {
  const kind = pulls ? 'pulls' : 'issues'
  const rows = visit.repo.issues.filter(({ pull }) => (pull !== null) === pulls)
  const items = rows.map(
    ({ index, title, closed }) =>
      html`<li><a href="${base(visit)}/${kind}/${index}">#${index} ${title}</a>${closed ? ' (closed)' : ''}</li>`,
  )
  return repoLayout(
    visit,
    pulls ? 'Pull requests' : 'Issues',
    html`<ul>${items}</ul>${pulls ? '' : html`<a href="${base(visit)}/issues/new">New issue</a>`}`,
  )
}

/** An issue or pull request with its comments and the form for another. */
export function viewIssue(visit: RepoVisit, pulls: boolean, title: Markup = html``): Reply {
  const issue = issueOf(visit)
  if (!issue || (issue.pull !== null) !== pulls) return notFound(visit)
  const name = (id: number): string => visit.store.userById(id)?.name ?? 'Ghost'
  const comments = issue.comments.map(
    ({ id, posterId, content }) =>
      html`<article id="issuecomment-${id}"><b>${name(posterId)}</b><pre>${content}</pre></article>`,
  )
  const merge =
    issue.pull && !issue.closed
      ? form(
          visit,
          `${base(visit)}/pulls/${issue.index}/merge`,
          html`<input type="hidden" name="merge_style" value="create_merge_commit"><textarea name="commit_description"></textarea><button>Merge</button>`,
        )
      : html``
  const comment = form(
    visit,
    `${base(visit)}/issues/${issue.index}/comments`,
    html`<textarea name="content"></textarea><button>Comment</button><button name="status" value="${issue.closed ? 'reopen' : 'close'}">${issue.closed ? 'Reopen' : 'Close'}</button>`,
  )
  const state = issue.pull?.merged ? 'merged' : issue.closed ? 'closed' : 'open'
  return repoLayout(
    visit,
    `#${issue.index} ${issue.title}`,
    html`${title}<p>${state}, by ${name(issue.posterId)}</p><pre>${issue.content}</pre>${comments}${merge}${comment}`,
  )
}

export function issueOf(visit: RepoVisit): Issue | undefined {
  return visit.repo.issues.find(({ index }) => index === Number(visit.params[2]))
}

function create(visit: RepoVisit): Reply {
  const title = visit.fields.get('title') ?? ''
  if (title === '') return newForm(visit, 400)
  return redirect(
    `${base(visit)}/issues/${newIssue(visit, title, visit.fields.get('content') ?? '', null).index}`,
  )
}

function newForm(visit: RepoVisit, code = 200): Reply {
  const content = html`<label>Title <input name="title" required></label><textarea name="content"></textarea><button>Create issue</button>`
  return repoLayout(visit, 'New issue', form(visit, `${base(visit)}/issues/new`, content), code)
}

function comment(visit: RepoVisit): Reply {
  const issue = issueOf(visit)
  if (!issue) return notFound(visit)
  const content = visit.fields.get('content') ?? ''
  const wanted = visit.fields.get('status')
  const mayClose = issue.posterId === visit.user.id || allows(visit.mode, 'write')
  let added: Comment | undefined
  if (content !== '') {
    added = { id: ++visit.store.state.lastId.comment, posterId: visit.user.id, content }
    issue.comments.push(added)
  }
  if (mayClose && !issue.pull?.merged && (wanted === 'close' || wanted === 'reopen'))
    issue.closed = wanted === 'close'
  visit.store.save()
  return redirect(
    `${base(visit)}/${issue.pull ? 'pulls' : 'issues'}/${issue.index}${added ? `#issuecomment-${added.id}` : ''}`,
  )
}

/** Change one field of an issue. */
function update(
  who: 'poster' | 'writer',
  change: (issue: Issue, fields: URLSearchParams) => Reply,
): RouteLine[3] {
  return repoPage(who === 'writer' ? 'write' : 'read', (visit) => {
    const issue = issueOf(visit)
    if (!issue) return notFound(visit)
    if (issue.posterId !== visit.user.id && !allows(visit.mode, 'write')) return status(403)
    const reply = change(issue, visit.fields)
    visit.store.save()
    return reply
  })
}

/** Change or delete a comment: its poster, or an administrator of the repository. */
function onComment(change: (issue: Issue, comment: Comment, fields: URLSearchParams) => Reply): RouteLine[3] {
  return repoPage('read', (visit) => {
    for (const issue of visit.repo.issues) {
      const found = issue.comments.find(({ id }) => id === Number(visit.params[2]))
      if (!found) continue
      if (found.posterId !== visit.user.id && !allows(visit.mode, 'admin')) break
      const reply = change(issue, found, visit.fields)
      visit.store.save()
      return reply
    }
    return notFound(visit)
  })
}

function setTitle(issue: Issue, fields: URLSearchParams): Reply {
  issue.title = fields.get('title') || issue.title
  return json({ title: issue.title })
}

function setContent(issue: Issue, fields: URLSearchParams): Reply {
  issue.content = fields.get('content') ?? ''
  return json({ content: html`<p>${issue.content}</p>`.markup })
}

function setMilestone(issue: Issue, fields: URLSearchParams): Reply {
  issue.milestoneId = Number(fields.get('id')) || 0
  return json({ ok: true })
}

function setAssignee(issue: Issue, fields: URLSearchParams): Reply {
  issue.assigneeId = Number(fields.get('id')) || 0
  return json({ ok: true })
}

function editComment(_issue: Issue, found: Comment, fields: URLSearchParams): Reply {
  found.content = fields.get('content') || found.content
  return json({ content: html`<p>${found.content}</p>`.markup })
}

function deleteComment(issue: Issue, found: Comment): Reply {
  issue.comments = issue.comments.filter((one) => one !== found)
  return status(200)
}

export const ISSUES: readonly RouteLine[] = [
  ['GET', '/:/:/issues', 'reader', repoPage('read', (visit) => listIssues(visit, false))],
  ['GET', '/:/:/issues/new', 'signed-in', repoPage('read', (visit) => newForm(visit))],
  ['POST', '/:/:/issues/new', 'signed-in', repoPage('read', create)],
  ['GET', '/:/:/issues/#', 'reader', repoPage('read', (visit) => viewIssue(visit, false))],
  ['POST', '/:/:/issues/#/comments', 'signed-in', repoPage('read', comment)],
  ['POST', '/:/:/issues/#/title', 'signed-in', update('poster', setTitle)],
  ['POST', '/:/:/issues/#/content', 'signed-in', update('poster', setContent)],
  ['POST', '/:/:/issues/#/label', 'signed-in', update('writer', () => json({ ok: true }))],
  ['POST', '/:/:/issues/#/milestone', 'signed-in', update('writer', setMilestone)],
  ['POST', '/:/:/issues/#/assignee', 'signed-in', update('writer', setAssignee)],
  ['POST', '/:/:/comments/#', 'signed-in', onComment(editComment)],
  ['POST', '/:/:/comments/#/delete', 'signed-in', onComment(deleteComment)],
]
