import type { ChangeSchema, Said } from '../../../core/action/change.ts'
import { choice, field, IDS, line, YES_NO } from '../../../core/action/field.ts'
import type { Verb } from '../../../core/action/verbs.ts'
import { REFUSED } from '../refused.ts'
import { at, CONFIRMED, description, id, isConfirmed, PERSON, REF, REPO_NAME, URL_TEXT } from './kinds.ts'

/** One of the three forms of a repository that mirrors another: pull mirrors are off. */
const ofMirror = (action: string, verb: Verb): ChangeSchema => ({
  verbs: [verb],
  match: [['action', action]],
  refused: REFUSED.mirror,
  fields: [],
  sentence: (_, where) => `Change the mirror ${at(where)}`,
})

/** POST /:owner/:repo/settings, by its field `action`. */
export const REPO_SETTINGS: readonly ChangeSchema[] = [
  ofMirror('mirror', 'repo.mirror.update'),
  ofMirror('mirror-sync', 'repo.mirror.sync'),
  ofMirror('convert', 'repo.mirror.convert'),
  {
    // What was private before is the caller's to know; when it does not, the form may be making it public.
    verbs: ['repo.settings.update', 'repo.visibility.update'],
    verb: (said, facts) =>
      said('private') === 'no' && facts.private !== false ? 'repo.visibility.update' : 'repo.settings.update',
    match: [['action', 'update']],
    fields: [
      field('name', REPO_NAME, { name: 'repo_name', required: true }),
      description(512),
      field('website', URL_TEXT),
      field('private', YES_NO),
      field('unlisted', YES_NO),
    ],
    sentence: (said, where) =>
      `${said('name').toLowerCase() === where.repo?.name ? `Change the settings of ${at(where)}` : `Rename ${at(where)} to ${said('name')}`}, which will be ${visibility(said)}`,
  },
  {
    // A wiki or a tracker of a private repository can be opened to everybody.
    verbs: ['repo.features.update', 'repo.visibility.update'],
    verb: (said, facts) =>
      facts.private !== false &&
      (said('allow-public-wiki') === 'yes' || said('allow-public-issues') === 'yes')
        ? 'repo.visibility.update'
        : 'repo.features.update',
    match: [['action', 'advanced']],
    fields: [
      field('enable-wiki', YES_NO),
      field('allow-public-wiki', YES_NO),
      field('enable-external-wiki', YES_NO),
      field('external-wiki-url', URL_TEXT),
      field('enable-issues', YES_NO),
      field('allow-public-issues', YES_NO),
      field('enable-external-tracker', YES_NO),
      field('external-tracker-url', URL_TEXT),
      // Has places in braces, so it is no address yet.
      field('tracker-url-format', line(2048)),
      field('tracker-issue-style', choice({ numeric: 'numeric', alphanumeric: 'alphanumeric' })),
      field('enable-pulls', YES_NO),
      field('pulls-ignore-whitespace', YES_NO),
      field('pulls-allow-rebase', YES_NO),
    ],
    sentence: (_, where) => `Change which of wiki, issues and pull requests ${at(where)} has, and for whom`,
  },
  {
    verbs: ['repo.transfer'],
    match: [['action', 'transfer']],
    fields: [CONFIRMED, field('new-owner', PERSON, { name: 'new_owner_name', required: true })],
    check: isConfirmed,
    sentence: (said, where) => `Give ${at(where)} away to ${said('new-owner')}`,
  },
  {
    verbs: ['repo.delete'],
    match: [['action', 'delete']],
    fields: [CONFIRMED],
    check: isConfirmed,
    sentence: (_, where) => `Delete ${at(where)} for good`,
  },
  {
    verbs: ['repo.wiki.delete'],
    match: [['action', 'delete-wiki']],
    fields: [CONFIRMED],
    check: isConfirmed,
    sentence: (_, where) => `Delete the wiki of ${at(where)} for good`,
  },
]

export const COLLABORATOR_ADD: ChangeSchema = {
  verbs: ['repo.collaborator.add'],
  fields: [field('person', PERSON, { name: 'collaborator', required: true })],
  sentence: (said, where) => `Give ${said('person')} write access to ${at(where)}`,
}

export const COLLABORATOR_UPDATE: ChangeSchema = {
  verbs: ['repo.collaborator.update', 'repo.collaborator.make-admin'],
  verb: (said) => (said('access') === 'admin' ? 'repo.collaborator.make-admin' : 'repo.collaborator.update'),
  fields: [
    id('person-id', 'uid'),
    field('access', choice({ 1: 'read', 2: 'write', 3: 'admin' }), { name: 'mode', required: true }),
  ],
  sentence: (said, where) => `Give user ${said('person-id')} ${said('access')} access to ${at(where)}`,
}

export const COLLABORATOR_REMOVE: ChangeSchema = {
  verbs: ['repo.collaborator.remove'],
  fields: [id('person-id', 'id')],
  sentence: (said, where) => `Take access to ${at(where)} away from user ${said('person-id')}`,
}

export const DEFAULT_BRANCH: ChangeSchema = {
  verbs: ['branch.default.update'],
  fields: [field('branch', REF, { required: true })],
  sentence: (said, where) => `Make ${said('branch')} the default branch of ${at(where)}`,
}

export const BRANCH_PROTECTION: ChangeSchema = {
  verbs: ['branch.protection.update'],
  params: [field('branch', REF, { required: true })],
  fields: [
    field('protected', YES_NO),
    field('require-pull-request', YES_NO),
    field('enable-whitelist', YES_NO),
    field('whitelist-users', IDS),
    field('whitelist-teams', IDS),
  ],
  sentence: (said, where) =>
    said('protected') === 'yes'
      ? `Protect the branch ${said('branch')} of ${at(where)}`
      : `Leave the branch ${said('branch')} of ${at(where)} without protection`,
}

function visibility(said: Said): string {
  if (said('private') === 'yes') return 'private'
  return said('unlisted') === 'yes' ? 'public but not listed' : 'public'
}
