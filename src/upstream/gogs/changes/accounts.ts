import type { ChangeSchema } from '../../../core/action/change.ts'
import { field, line, lines, YES_NO } from '../../../core/action/field.ts'
import { REFUSED } from '../refused.ts'
import { EMAIL, id, MIGRATE_URL, PERSON, REPO_NAME, secret, URL_TEXT } from './kinds.ts'

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
    field('from', MIGRATE_URL, { name: 'clone_addr', required: true }),
    field('user-name', line(255), { name: 'auth_username' }),
    secret('password', 'auth_password'),
    id('owner-id', 'uid'),
    field('name', REPO_NAME, { name: 'repo_name', required: true }),
    field('private', YES_NO),
    field('unlisted', YES_NO),
    field('mirror', YES_NO),
    field('description', lines(512)),
  ],
  check: (said) => (said('mirror') === 'yes' ? REFUSED.mirror : undefined),
  sentence: (said) => `Import ${said('from')} as the repository ${said('name')}`,
}
