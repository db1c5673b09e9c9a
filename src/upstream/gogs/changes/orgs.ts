import type { ChangeSchema } from '../../../core/action/change.ts'
import { choice, exactly, type FieldSpec, field, line, number } from '../../../core/action/field.ts'
import { isOwnerName, isRepoName } from '../names.ts'
import { at, description, id, PERSON, TEAM, URL_TEXT } from './kinds.ts'

export const ORG_CREATE: ChangeSchema = {
  verbs: ['org.create'],
  fields: [field('name', PERSON, { name: 'org_name', required: true })],
  sentence: (said) => `Create the organisation ${said('name')}`,
}

export const ORG_SETTINGS: ChangeSchema = {
  verbs: ['org.settings.update'],
  fields: [
    field('name', PERSON, { required: true }),
    field('full-name', line(100)),
    description(255),
    field('website', URL_TEXT),
    field('location', line(50)),
    field('max-repo-creation', number(-1, 1_000_000)),
  ],
  sentence: (said, where) =>
    said('name').toLowerCase() === where.org
      ? `Change the settings of the organisation ${at(where)}`
      : `Rename the organisation ${at(where)} to ${said('name')}`,
}

/** The password that the form asks for is nobody's: it is neither read nor kept. */
export const ORG_DELETE: ChangeSchema = {
  verbs: ['org.delete'],
  ignore: ['password'],
  fields: [],
  sentence: (_, where) => `Delete the organisation ${at(where)}`,
}

export const MEMBER_ADD: ChangeSchema = {
  verbs: ['org.member.add'],
  fields: [field('person', PERSON, { name: 'uname', required: true })],
  sentence: (said, where) => `Make ${said('person')} a member of ${at(where)}`,
}

export const MEMBER_REMOVE: ChangeSchema = {
  verbs: ['org.member.remove'],
  fields: [id('person-id', 'uid')],
  sentence: (said, where) => `Remove user ${said('person-id')} from ${at(where)} and all its teams`,
}

export function memberShown(shown: 'public' | 'private'): ChangeSchema {
  return {
    verbs: ['org.member.update'],
    constants: [['shown', shown]],
    fields: [id('person-id', 'uid')],
    sentence: (said, where) =>
      `${shown === 'public' ? 'Show' : 'Hide'} that user ${said('person-id')} is a member of ${at(where)}`,
  }
}

// Gogs wants some user's number in the forms below, and then takes the person who asks, or the one who is named.
const ANY_USER: readonly (readonly [string, string])[] = [['uid', '1']]
const TEAM_PARAM: FieldSpec = field('team', TEAM, { required: true })

export const MEMBER_LEAVE: ChangeSchema = {
  verbs: ['user.org.leave'],
  constants: [['who', 'self']],
  send: ANY_USER,
  fields: [],
  sentence: (_, where) => `Leave ${at(where)} and all its teams`,
}

const TEAM_FIELDS: readonly FieldSpec[] = [
  field('name', TEAM, { name: 'team_name', required: true }),
  description(255),
  field('permission', choice({ read: 'read', write: 'write', admin: 'admin' })),
]

export const TEAM_CREATE: ChangeSchema = {
  verbs: ['org.team.create'],
  fields: TEAM_FIELDS,
  sentence: (said, where) =>
    `Create the team ${said('name')} in ${at(where)}, with ${said('permission') || 'read'} access`,
}

export const TEAM_UPDATE: ChangeSchema = {
  verbs: ['org.team.update'],
  params: [TEAM_PARAM],
  fields: TEAM_FIELDS,
  sentence: (said, where) =>
    `Change the team ${said('team')} of ${at(where)}: its name will be ${said('name')}${said('permission') && `, its access ${said('permission')}`}`,
}

export const TEAM_DELETE: ChangeSchema = {
  verbs: ['org.team.delete'],
  params: [TEAM_PARAM],
  ignore: ['id'],
  fields: [],
  sentence: (said, where) => `Delete the team ${said('team')} of ${at(where)}`,
}

export const TEAM_MEMBER_ADD: ChangeSchema = {
  verbs: ['org.team.member.add'],
  params: [TEAM_PARAM],
  send: ANY_USER,
  ignore: ['page'],
  fields: [field('person', PERSON, { name: 'uname', required: true })],
  sentence: (said, where) => `Take ${said('person')} into the team ${said('team')} of ${at(where)}`,
}

export const TEAM_JOIN: ChangeSchema = {
  verbs: ['org.team.member.add'],
  constants: [['who', 'self']],
  params: [TEAM_PARAM],
  send: ANY_USER,
  ignore: ['page'],
  fields: [],
  sentence: (said, where) => `Join the team ${said('team')} of ${at(where)}`,
}

export const TEAM_MEMBER_REMOVE: ChangeSchema = {
  verbs: ['org.team.member.remove'],
  params: [TEAM_PARAM],
  ignore: ['page'],
  fields: [id('person-id', 'uid')],
  sentence: (said, where) => `Remove user ${said('person-id')} from the team ${said('team')} of ${at(where)}`,
}

export const TEAM_LEAVE: ChangeSchema = {
  verbs: ['org.team.member.remove'],
  constants: [['who', 'self']],
  params: [TEAM_PARAM],
  send: ANY_USER,
  ignore: ['page'],
  fields: [],
  sentence: (said, where) => `Leave the team ${said('team')} of ${at(where)}`,
}

/** `name`, or `org/name` as the page's search offers it. */
const REPO_OF_ORG = exactly('the name of a repository', (text) => {
  const [name, owner, ...more] = text.split('/').reverse()
  return more.length === 0 && isRepoName(name!) && (owner === undefined || isOwnerName(owner))
})

export const TEAM_REPO_ADD: ChangeSchema = {
  verbs: ['org.team.repo.add'],
  params: [TEAM_PARAM],
  fields: [field('repo', REPO_OF_ORG, { name: 'repo_name', required: true })],
  sentence: (said, where) =>
    `Give the team ${said('team')} of ${at(where)} access to ${said('repo').split('/').at(-1)}`,
}

export const TEAM_REPO_REMOVE: ChangeSchema = {
  verbs: ['org.team.repo.remove'],
  params: [TEAM_PARAM],
  fields: [id('repo-id', 'repoid')],
  sentence: (said, where) =>
    `Take access to repository ${said('repo-id')} away from the team ${said('team')} of ${at(where)}`,
}
