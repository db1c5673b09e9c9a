import type { Verb } from '../../../core/action/verbs.ts'
import { type Method, type RouteLine, refuse } from './fate.ts'

const REPO = '/repos/:owner/:repo'
const ISSUE = `${REPO}/issues/:index`
const TEAM = '/admin/teams/:team'

/** Below `/api/v1`: what each address would do. The interface as a whole is refused, its reads too. */
const lines: readonly (readonly [Method, string, Verb])[] = [
  ['POST', '/users/:name/tokens', 'user.token.create'],
  ['POST', '/user/emails', 'user.email.add'],
  ['DELETE', '/user/emails', 'user.email.delete'],
  ['PUT', '/user/following/:name', 'user.follow'],
  ['DELETE', '/user/following/:name', 'user.unfollow'],
  ['POST', '/user/keys', 'user.ssh-key.add'],
  ['DELETE', '/user/keys/:id', 'user.ssh-key.delete'],
  ['POST', '/user/repos', 'repo.create'],
  ['POST', '/org/:org/repos', 'repo.create'],
  ['POST', '/user/orgs', 'org.create'],
  ['PATCH', '/orgs/:org', 'org.settings.update'],
  ['POST', '/repos/migrate', 'repo.migrate'],
  ['DELETE', REPO, 'repo.delete'],
  ['POST', `${REPO}/hooks`, 'repo.webhook.create'],
  ['PATCH', `${REPO}/hooks/:id`, 'repo.webhook.update'],
  ['DELETE', `${REPO}/hooks/:id`, 'repo.webhook.delete'],
  ['PUT', `${REPO}/collaborators/:name`, 'repo.collaborator.add'],
  ['DELETE', `${REPO}/collaborators/:name`, 'repo.collaborator.remove'],
  ['PUT', `${REPO}/contents/*`, 'file.edit'],
  ['POST', `${REPO}/keys`, 'repo.deploy-key.add'],
  ['DELETE', `${REPO}/keys/:id`, 'repo.deploy-key.delete'],
  ['POST', `${REPO}/issues`, 'issue.create'],
  ['PATCH', `${REPO}/issues/comments/:id`, 'issue.comment.update'],
  ['PATCH', ISSUE, 'issue.update'],
  ['POST', `${ISSUE}/comments`, 'issue.comment.create'],
  ['PATCH', `${ISSUE}/comments/:id`, 'issue.comment.update'],
  ['DELETE', `${ISSUE}/comments/:id`, 'issue.comment.delete'],
  ['POST', `${ISSUE}/labels`, 'issue.label.update'],
  ['PUT', `${ISSUE}/labels`, 'issue.label.update'],
  ['DELETE', `${ISSUE}/labels`, 'issue.label.update'],
  ['DELETE', `${ISSUE}/labels/:id`, 'issue.label.update'],
  ['POST', `${REPO}/labels`, 'label.create'],
  ['PATCH', `${REPO}/labels/:id`, 'label.update'],
  ['DELETE', `${REPO}/labels/:id`, 'label.delete'],
  ['POST', `${REPO}/milestones`, 'milestone.create'],
  ['PATCH', `${REPO}/milestones/:id`, 'milestone.update'],
  ['DELETE', `${REPO}/milestones/:id`, 'milestone.delete'],
  ['PATCH', `${REPO}/issue-tracker`, 'repo.features.update'],
  ['PATCH', `${REPO}/wiki`, 'repo.features.update'],
  ['POST', `${REPO}/mirror-sync`, 'repo.mirror.sync'],
  ['POST', '/admin/users', 'admin.user.create'],
  ['PATCH', '/admin/users/:name', 'admin.user.update'],
  ['DELETE', '/admin/users/:name', 'admin.user.delete'],
  ['POST', '/admin/users/:name/keys', 'admin.user.ssh-key.add'],
  ['POST', '/admin/users/:name/orgs', 'admin.org.create'],
  ['POST', '/admin/users/:name/repos', 'admin.repo.create'],
  ['POST', '/admin/orgs/:org/teams', 'org.team.create'],
  ['PUT', `${TEAM}/members/:name`, 'org.team.member.add'],
  ['DELETE', `${TEAM}/members/:name`, 'org.team.member.remove'],
  ['PUT', `${TEAM}/repos/:repo`, 'org.team.repo.add'],
  ['DELETE', `${TEAM}/repos/:repo`, 'org.team.repo.remove'],
]

export const api: readonly RouteLine[] = [
  ...lines.map(([method, path, verb]): RouteLine => [method, `/api/v1${path}`, refuse('api', verb)]),
  ['ANY', '/api/*', refuse('api')],
]
