import type { ChangeSchema, Said } from '../../../core/action/change.ts'
import { field, line, lines, YES_NO } from '../../../core/action/field.ts'
import { type Refusal, refusal } from '../../../core/refusal.ts'
import { REFUSED } from '../refused.ts'
import { EMAIL, id, isImportUrl, PERSON, REPO_NAME, secret, URL_TEXT } from './kinds.ts'

export const PROFILE: ChangeSchema = {
  verbs: ['user.profile.update'],
  fields: [
    field('name', PERSON, { required: true }),
    field('full-name', line(100)),
    field('website', URL_TEXT),
    field('location', line(50)),
  ],
  sentence: (said) => `Change your profile; your login name will be ${said('name')}`,
}

/** The password that the form asks for is nobody's: it is neither read nor kept. */
export const ACCOUNT_DELETE: ChangeSchema = {
  verbs: ['user.delete'],
  ignore: ['password'],
  fields: [],
  sentence: () => 'Delete your account at the forge, and with it your way in here',
}

/** POST /user/settings/email. */
export const EMAILS: readonly ChangeSchema[] = [
  {
    verbs: ['user.email.make-primary'],
    match: [['_method', 'PRIMARY']],
    fields: [field('email', EMAIL, { required: true })],
    sentence: (said) => `Make ${said('email')} your main mail address`,
  },
  {
    verbs: ['user.email.add'],
    fields: [field('email', EMAIL, { required: true })],
    sentence: (said) => `Add ${said('email')} to your mail addresses`,
  },
]

export const EMAIL_DELETE: ChangeSchema = {
  verbs: ['user.email.delete'],
  fields: [field('email', EMAIL, { name: 'id', required: true })],
  sentence: (said) => `Remove ${said('email')} from your mail addresses`,
}

export const ORG_LEAVE: ChangeSchema = {
  verbs: ['user.org.leave'],
  fields: [id('org-id', 'id')],
  sentence: (said) => `Leave organisation ${said('org-id')} and all its teams`,
}

export const MIGRATE: ChangeSchema = {
  verbs: ['repo.migrate'],
  fields: [
    field('from', line(2048), { name: 'clone_addr', required: true }),
    field('user-name', line(255), { name: 'auth_username' }),
    secret('password', 'auth_password'),
    id('owner-id', 'uid'),
    field('name', REPO_NAME, { name: 'repo_name', required: true }),
    field('private', YES_NO),
    field('unlisted', YES_NO),
    field('mirror', YES_NO),
    field('description', lines(512)),
  ],
  check: comesFromOutside,
  sentence: (said) => `Import ${said('from')} as the repository ${said('name')}`,
}

function comesFromOutside(said: Said): Refusal | undefined {
  if (said('mirror') === 'yes') return REFUSED.mirror
  if (!/^[a-z]+:\/\//.test(said('from'))) return REFUSED.importLocal
  if (isImportUrl(said('from'))) return undefined
  return refusal(
    'bad-request',
    'A repository is imported from an address that begins with https://, http:// or git://.',
    'Write the password into its own field.',
  )
}
