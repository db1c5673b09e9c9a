import type { Verb } from '../../../core/action/verbs.ts'
import type { PageVerb } from '../../forge.ts'
import { api, type Method, type RouteLine, refuse } from '../routes/fate.ts'
import {
  COLLABORATOR_DELETE,
  COLLABORATOR_PUT,
  CONTENTS_PUT,
  EMAIL_ADD,
  EMAIL_DELETE,
  HOOK_CREATE,
  HOOK_DELETE,
  MIGRATE,
  MILESTONE_STATE,
  ORG_CREATE,
  REPO_DELETE,
  TEAM_CREATE,
  type Translation,
  USER_CREATE,
  USER_DELETE,
} from './as-form.ts'
import type { Meaning, Members } from './body.ts'
import type { Parameter } from './query.ts'

type Line = readonly [Method, string, RouteLine[2]]

const REPO = '/repos/:owner/:repo'
const ISSUE = `${REPO}/issues/:index`
const TEAM = '/admin/teams/:id'

const reads = (path: string, ...query: readonly Parameter[]): Line => [
  'GET',
  path,
  api({ meanings: [['page.read', {}]], query, takesBody: false, form: null }),
]
/** Rides on the token: forwarded, with a body of these members, written anew. */
const rides = (method: Method, path: string, ...meanings: readonly Meaning[]): Line => [
  method,
  path,
  api({ meanings, query: [], takesBody: meanings.some(([, members]) => !isNone(members)), form: null }),
]
/** Carried out as the form of a page that says the same, when somebody proved it. */
const changes = (
  method: Method,
  path: string,
  verbs: readonly Verb[],
  translation: Translation,
  meanings: readonly Meaning[] = [],
): Line => [
  method,
  path,
  api({
    meanings,
    query: [],
    takesBody: !isNone(translation.members),
    form: { verbs, translation },
  }),
]
const isNone = (members: Members): boolean => Object.keys(members).length === 0

const NEW_REPO: Meaning = [
  'repo.create',
  {
    name: 'text',
    description: 'text',
    private: 'flag',
    auto_init: 'flag',
    gitignores: 'text',
    license: 'text',
    readme: 'text',
  },
]
const COMMENT = (verb: PageVerb): Meaning => [verb, { body: 'text' }]
const LABELS: Meaning = ['issue.label.update', { labels: 'numbers' }]

/** Below `/api/v1`. What is not here is refused. */
const lines: readonly Line[] = [
  reads('/user'),
  reads('/user/emails'),
  changes('POST', '/user/emails', ['user.email.add'], EMAIL_ADD),
  changes('DELETE', '/user/emails', ['user.email.delete'], EMAIL_DELETE),
  reads('/user/followers', 'page'),
  reads('/user/following', 'page'),
  reads('/user/following/:person'),
  rides('PUT', '/user/following/:person', ['user.follow', {}]),
  rides('DELETE', '/user/following/:person', ['user.unfollow', {}]),
  reads('/user/issues', 'page', 'state'),
  reads('/issues', 'page', 'state'),
  reads('/user/repos'),
  rides('POST', '/user/repos', NEW_REPO),
  reads('/user/orgs'),
  changes('POST', '/user/orgs', ['org.create'], ORG_CREATE),
  ['ANY', '/user/keys', refuse('sshKey', 'user.ssh-key.add')],
  ['ANY', '/user/keys/:id', refuse('sshKey', 'user.ssh-key.delete')],

  reads('/users/search', 'q', 'limit'),
  reads('/users/:person'),
  reads('/users/:person/followers', 'page'),
  reads('/users/:person/following', 'page'),
  reads('/users/:person/following/:target'),
  reads('/users/:person/repos'),
  reads('/users/:person/orgs'),
  ['ANY', '/users/:person/tokens', refuse('token', 'user.token.create')],
  ['ANY', '/users/:person/keys', refuse('sshKey', 'user.ssh-key.add')],

  reads('/orgs/:org'),
  ['PATCH', '/orgs/:org', refuse('apiPart', 'org.settings.update')],
  reads('/orgs/:org/repos'),
  rides('POST', '/org/:org/repos', NEW_REPO),

  reads('/repos/search', 'q', 'uid', 'limit', 'page'),
  changes('POST', '/repos/migrate', ['repo.migrate'], MIGRATE),
  reads(REPO),
  changes('DELETE', REPO, ['repo.delete'], REPO_DELETE),
  reads(`${REPO}/releases`),
  reads(`${REPO}/raw/*`),
  reads(`${REPO}/archive/*`),
  reads(`${REPO}/contents`, 'ref'),
  reads(`${REPO}/contents/*`, 'ref'),
  changes('PUT', `${REPO}/contents/*`, ['file.create', 'file.edit'], CONTENTS_PUT),
  reads(`${REPO}/git/trees/:sha`),
  reads(`${REPO}/git/blobs/:sha`),
  reads(`${REPO}/tags`),
  reads(`${REPO}/branches`),
  reads(`${REPO}/branches/*`),
  reads(`${REPO}/commits`, 'pageSize'),
  reads(`${REPO}/commits/*`),
  reads(`${REPO}/editorconfig/:file`),
  ['GET', `${REPO}/hooks`, refuse('hooks', 'repo.webhook.read')],
  changes('POST', `${REPO}/hooks`, ['repo.webhook.create'], HOOK_CREATE),
  ['PATCH', `${REPO}/hooks/:id`, refuse('apiHookUpdate', 'repo.webhook.update')],
  changes('DELETE', `${REPO}/hooks/:id`, ['repo.webhook.delete'], HOOK_DELETE),
  reads(`${REPO}/collaborators`),
  reads(`${REPO}/collaborators/:person`),
  changes(
    'PUT',
    `${REPO}/collaborators/:person`,
    ['repo.collaborator.add', 'repo.collaborator.update', 'repo.collaborator.make-admin'],
    COLLABORATOR_PUT,
  ),
  changes('DELETE', `${REPO}/collaborators/:person`, ['repo.collaborator.remove'], COLLABORATOR_DELETE),
  ['ANY', `${REPO}/keys`, refuse('deployKeys', 'repo.deploy-key.add')],
  ['ANY', `${REPO}/keys/:id`, refuse('deployKeys', 'repo.deploy-key.delete')],

  reads(`${REPO}/issues`, 'page', 'state'),
  rides('POST', `${REPO}/issues`, [
    'issue.create',
    { title: 'text', body: 'text', assignee: 'text', milestone: 'number', labels: 'numbers', closed: 'flag' },
  ]),
  reads(`${REPO}/issues/comments`, 'since'),
  rides('PATCH', `${REPO}/issues/comments/:id`, COMMENT('issue.comment.update')),
  reads(ISSUE),
  // The pages have an address for each of these, and policy a verb.
  rides(
    'PATCH',
    ISSUE,
    ['issue.update', { title: 'text', body: 'text', state: 'text' }],
    ['issue.assignee.update', { assignee: 'text' }],
    ['issue.milestone.update', { milestone: 'number' }],
  ),
  reads(`${ISSUE}/comments`, 'since'),
  rides('POST', `${ISSUE}/comments`, COMMENT('issue.comment.create')),
  rides('PATCH', `${ISSUE}/comments/:id`, COMMENT('issue.comment.update')),
  rides('DELETE', `${ISSUE}/comments/:id`, ['issue.comment.delete', {}]),
  reads(`${ISSUE}/labels`),
  rides('POST', `${ISSUE}/labels`, LABELS),
  rides('PUT', `${ISSUE}/labels`, LABELS),
  rides('DELETE', `${ISSUE}/labels`, ['issue.label.update', {}]),
  rides('DELETE', `${ISSUE}/labels/:id`, ['issue.label.update', {}]),

  reads(`${REPO}/labels`),
  reads(`${REPO}/labels/:id`),
  rides('POST', `${REPO}/labels`, ['label.create', { name: 'text', color: 'text' }]),
  rides('PATCH', `${REPO}/labels/:id`, ['label.update', { name: 'text', color: 'text' }]),
  rides('DELETE', `${REPO}/labels/:id`, ['label.delete', {}]),

  reads(`${REPO}/milestones`),
  reads(`${REPO}/milestones/:id`),
  rides('POST', `${REPO}/milestones`, [
    'milestone.create',
    { title: 'text', description: 'text', due_on: 'text' },
  ]),
  changes('PATCH', `${REPO}/milestones/:id`, ['milestone.status'], MILESTONE_STATE, [
    ['milestone.update', { title: 'text', description: 'text', due_on: 'text' }],
  ]),
  rides('DELETE', `${REPO}/milestones/:id`, ['milestone.delete', {}]),

  ['PATCH', `${REPO}/issue-tracker`, refuse('apiFeatures', 'repo.features.update')],
  ['PATCH', `${REPO}/wiki`, refuse('apiFeatures', 'repo.features.update')],
  ['POST', `${REPO}/mirror-sync`, refuse('mirror', 'repo.mirror.sync')],

  changes('POST', '/admin/users', ['admin.user.create'], USER_CREATE),
  ['PATCH', '/admin/users/:person', refuse('apiPart', 'admin.user.update')],
  changes('DELETE', '/admin/users/:person', ['admin.user.delete'], USER_DELETE),
  ['ANY', '/admin/users/:person/keys', refuse('sshKey', 'admin.user.ssh-key.add')],
  ['POST', '/admin/users/:person/orgs', refuse('apiOthers', 'admin.org.create')],
  ['POST', '/admin/users/:person/repos', refuse('apiOthers', 'admin.repo.create')],
  changes('POST', '/admin/orgs/:org/teams', ['org.team.create'], TEAM_CREATE),
  ['GET', `${TEAM}/members`, refuse('apiTeam')],
  ['PUT', `${TEAM}/members/:person`, refuse('apiTeam', 'org.team.member.add')],
  ['DELETE', `${TEAM}/members/:person`, refuse('apiTeam', 'org.team.member.remove')],
  ['PUT', `${TEAM}/repos/:repo`, refuse('apiTeam', 'org.team.repo.add')],
  ['DELETE', `${TEAM}/repos/:repo`, refuse('apiTeam', 'org.team.repo.remove')],
]

export const apiLines: readonly RouteLine[] = [
  ...lines.map(([method, path, fate]): RouteLine => [method, `/api/v1${path}`, fate]),
  ['ANY', '/api/*', refuse('api')],
]
