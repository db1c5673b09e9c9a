import {
  BRANCH_PROTECTION,
  COLLABORATOR_ADD,
  COLLABORATOR_REMOVE,
  COLLABORATOR_UPDATE,
  DEFAULT_BRANCH,
  REPO_SETTINGS,
} from '../changes/repo-settings.ts'
import { change, type Fate, type Method, pass, READ, refuse, secret } from './fate.ts'
import { webhooks } from './webhooks.ts'

/** Below `/:owner/:repo`. */
export const repoSettings: readonly (readonly [Method, string, Fate])[] = [
  // The settings of a mirror show the password of its source.
  ['GET', '/settings', secret('repo.settings.read')],
  ['POST', '/settings', change('repoSettings', ...REPO_SETTINGS)],
  ['GET', '/settings/avatar', READ],
  ['POST', '/settings/avatar', pass('repo.avatar.update')],
  ['POST', '/settings/avatar/delete', pass('repo.avatar.delete')],
  ['GET', '/settings/collaboration', READ],
  ['POST', '/settings/collaboration', change('repoAccess', COLLABORATOR_ADD)],
  ['POST', '/settings/collaboration/access_mode', change('repoAccess', COLLABORATOR_UPDATE)],
  ['POST', '/settings/collaboration/delete', change('repoAccess', COLLABORATOR_REMOVE)],
  ['GET', '/settings/branches', READ],
  ['POST', '/settings/branches/default_branch', change('repoSettings', DEFAULT_BRANCH)],
  ['GET', '/settings/branches/*', READ],
  ['POST', '/settings/branches/*', change('repoSettings', BRANCH_PROTECTION)],
  ...webhooks('repo', '/settings/hooks'),
  ['POST', '/settings/hooks/:id/test', pass('repo.webhook.test')],
  ['POST', '/settings/hooks/:id/redelivery', pass('repo.webhook.redeliver')],
  ['ANY', '/settings/hooks/git', refuse('gitHooks', 'repo.git-hook.update')],
  ['ANY', '/settings/hooks/git/*', refuse('gitHooks', 'repo.git-hook.update')],
  ['GET', '/settings/keys', READ],
  ['POST', '/settings/keys', refuse('deployKeys', 'repo.deploy-key.add')],
  ['POST', '/settings/keys/delete', refuse('deployKeys', 'repo.deploy-key.delete')],
]
