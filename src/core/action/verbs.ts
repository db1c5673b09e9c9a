/**
 * What a verb asks of policy. `read`: nothing changes. `secret-read`: a page that shows secrets. `ride`: issues and the like,
 * for which a session is enough. `change`: refs, permissions, or what leaves the house; a session is never enough.
 * `critical`: a change that is hard to undo or opens the door to others. `never`: not through this gateway, whatever is shown.
 */
export type VerbGroup = 'read' | 'secret-read' | 'ride' | 'change' | 'critical' | 'never'

/** What a verb is done to. */
export type VerbTarget = 'repo' | 'org' | 'account' | 'site'

export interface VerbFacts {
  readonly group: VerbGroup
  readonly on: VerbTarget
}

const all = <const Name extends string>(
  group: VerbGroup,
  on: VerbTarget,
  names: readonly Name[],
): { readonly [N in Name]: VerbFacts } => {
  const facts: VerbFacts = { group, on }
  return Object.fromEntries(names.map((name) => [name, facts])) as { readonly [N in Name]: VerbFacts }
}

/**
 * The closed table of verbs; why each is in its group stands in docs/decisions/0013-action-map.md. The policy schema
 * declares the same verbs, and a test compares the two.
 */
export const VERBS = {
  // Pages are read in a repository and outside of one.
  ...all('read', 'site', ['page.read']),
  ...all('read', 'repo', ['git.fetch', 'file.preview', 'lfs.batch', 'lfs.verify']),

  ...all('secret-read', 'repo', ['repo.settings.read', 'repo.webhook.read']),
  ...all('secret-read', 'org', ['org.webhook.read']),
  ...all('secret-read', 'site', ['admin.config.read', 'admin.auth-source.read']),

  ...all('ride', 'repo', [
    'issue.create',
    'issue.update',
    'issue.comment.create',
    'issue.comment.update',
    'issue.comment.delete',
    'issue.label.update',
    'issue.milestone.update',
    'issue.assignee.update',
    'label.create',
    'label.update',
    'label.delete',
    'label.initialize',
    'milestone.create',
    'milestone.update',
    'milestone.delete',
    'pr.create',
    'file.upload.stage',
    'file.upload.unstage',
    'repo.star',
    'repo.unstar',
    'repo.watch',
    'repo.unwatch',
    'repo.avatar.update',
    'repo.avatar.delete',
    'repo.webhook.test',
    'repo.webhook.redeliver',
    'lfs.upload',
  ]),
  ...all('ride', 'site', [
    'repo.create',
    'repo.fork',
    'issue.attachment.upload',
    'release.attachment.upload',
  ]),
  ...all('ride', 'org', ['org.avatar.update', 'org.avatar.delete']),
  ...all('ride', 'account', [
    'user.avatar.update',
    'user.avatar.delete',
    'user.repo.leave',
    'user.follow',
    'user.unfollow',
  ]),

  ...all('change', 'repo', [
    'git.push',
    'file.create',
    'file.edit',
    'file.delete',
    'file.upload',
    'branch.delete',
    'pr.merge',
    'release.create',
    'release.update',
    'release.delete',
    'wiki.create',
    'wiki.update',
    'wiki.delete',
    'milestone.status',
    'repo.settings.update',
    'repo.features.update',
    'repo.collaborator.add',
    'repo.collaborator.update',
    'repo.collaborator.remove',
    'repo.webhook.create',
    'repo.webhook.update',
    'repo.webhook.delete',
  ]),
  ...all('change', 'site', ['repo.migrate', 'org.create']),
  ...all('change', 'org', [
    'org.settings.update',
    'org.member.add',
    'org.member.update',
    'org.member.remove',
    'org.team.create',
    'org.team.delete',
    'org.team.member.remove',
    'org.team.repo.add',
    'org.team.repo.remove',
    'org.webhook.create',
    'org.webhook.update',
    'org.webhook.delete',
  ]),
  ...all('change', 'account', [
    'user.profile.update',
    'user.email.add',
    'user.email.make-primary',
    'user.email.delete',
    'user.org.leave',
    'token.create', // a token of the gateway; made in the portal
  ]),

  ...all('critical', 'repo', [
    'repo.delete',
    'repo.transfer',
    'repo.visibility.update',
    'repo.wiki.delete',
    'repo.collaborator.make-admin',
    'branch.default.update',
    'branch.protection.update',
  ]),
  ...all('critical', 'org', ['org.delete', 'org.team.update', 'org.team.member.add']),
  ...all('critical', 'account', ['user.delete']),
  ...all('critical', 'site', [
    'admin.operation',
    'admin.mail.test',
    'admin.user.create',
    'admin.user.update',
    'admin.user.delete',
    'admin.repo.create',
    'admin.repo.delete',
    'admin.org.create',
    'admin.notice.delete',
    'admin.notice.empty',
  ]),

  ...all('never', 'repo', [
    'repo.git-hook.update',
    'repo.deploy-key.add',
    'repo.deploy-key.delete',
    'repo.mirror.update',
    'repo.mirror.sync',
    'repo.mirror.convert',
    'internal.task.trigger',
  ]),
  ...all('never', 'account', [
    'user.password.change',
    'user.totp.enable',
    'user.totp.disable',
    'user.totp.recover',
    'user.token.create',
    'user.token.delete',
    'user.ssh-key.add',
    'user.ssh-key.delete',
    'user.email.activate',
  ]),
  ...all('never', 'site', [
    'repo.mirror.create',
    'repo.import-local',
    'admin.auth-source.create',
    'admin.auth-source.update',
    'admin.auth-source.delete',
    'admin.user.ssh-key.add',
    'auth.password.login',
    'auth.password.forget',
    'auth.password.reset',
    'auth.totp.login',
    'auth.totp.recover',
    'auth.remember.login',
    'auth.register',
    'auth.activate',
    'auth.logout',
    'instance.install',
    'debug.profile',
  ]),
} as const

/** The closed list of verbs. */
export type Verb = keyof typeof VERBS

/** Every verb, in the order of the table. */
export const VERB_NAMES = Object.keys(VERBS) as readonly Verb[]

/** The group of a verb. */
export function groupOf(verb: Verb): VerbGroup {
  return VERBS[verb].group
}
