import type { ChangeSchema, Said } from '../../../core/action/change.ts'
import {
  choice,
  exactly,
  type FieldSpec,
  field,
  ID,
  line,
  number,
  YES_NO,
} from '../../../core/action/field.ts'
import { type Refusal, refusal } from '../../../core/refusal.ts'
import { REFUSED } from '../refused.ts'
import { EMAIL, id, PERSON, secret, URL_TEXT } from './kinds.ts'

export const OPERATION: ChangeSchema = {
  verbs: ['admin.operation'],
  fields: [
    field(
      'operation',
      choice({
        1: 'delete-inactive-accounts',
        2: 'delete-archives',
        3: 'delete-records-of-missing-repositories',
        4: 'collect-garbage',
        5: 'rewrite-keys',
        6: 'rewrite-hooks',
        7: 'initialise-missing-repositories',
      }),
      { name: 'op', required: true },
    ),
  ],
  sentence: (said) => `Run on the whole forge: ${said('operation').replaceAll('-', ' ')}`,
}

export const TEST_MAIL: ChangeSchema = {
  verbs: ['admin.mail.test'],
  fields: [field('email', EMAIL, { required: true })],
  sentence: (said) => `Send a test mail to ${said('email')}`,
}

/** Kind and number of a source of logins; `0-0` is the forge itself. */
const LOGIN_TYPE: FieldSpec = field(
  'login-type',
  exactly('a source of logins', (text) => /^[0-9]{1,2}-[0-9]{1,9}$/.test(text)),
  { required: true },
)
const LOGIN_NAME = field('login-name', line(254))

export const USER_CREATE: ChangeSchema = {
  verbs: ['admin.user.create'],
  fields: [
    LOGIN_TYPE,
    LOGIN_NAME,
    field('name', PERSON, { name: 'user_name', required: true }),
    field('email', EMAIL, { required: true }),
    secret('password', 'password'),
    field('send-notify', YES_NO),
  ],
  check: needsPassword,
  sentence: (said) => `Create the user ${said('name')} in the forge`,
}

export const USER_UPDATE: ChangeSchema = {
  verbs: ['admin.user.update'],
  params: [field('person-id', ID, { required: true })],
  fields: [
    LOGIN_TYPE,
    LOGIN_NAME,
    field('full-name', line(100)),
    field('email', EMAIL, { required: true }),
    secret('password', 'password'),
    field('website', URL_TEXT),
    field('location', line(50)),
    field('max-repo-creation', number(-1, 1_000_000)),
    field('active', YES_NO),
    field('prohibit-login', YES_NO),
    field('admin', YES_NO),
    field('allow-git-hook', YES_NO),
    field('allow-import-local', YES_NO),
  ],
  check: giftOfTheServer,
  sentence: (said) =>
    `Change user ${said('person-id')} of the forge, who ${said('admin') === 'yes' ? 'will be' : 'will not be'} one of its administrators`,
}

export const USER_DELETE: ChangeSchema = {
  verbs: ['admin.user.delete'],
  params: [field('person-id', ID, { required: true })],
  ignore: ['id'],
  fields: [],
  sentence: (said) => `Delete user ${said('person-id')} of the forge for good`,
}

export const REPO_DELETE: ChangeSchema = {
  verbs: ['admin.repo.delete'],
  ignore: ['page'],
  fields: [id('repo-id', 'id')],
  sentence: (said) => `Delete repository ${said('repo-id')} of the forge for good`,
}

export const NOTICE_DELETE: ChangeSchema = {
  verbs: ['admin.notice.delete'],
  fields: [field('notice', ID, { name: 'ids[]', list: true, required: true })],
  sentence: () => 'Delete the chosen notices of the forge',
}

export const NOTICE_EMPTY: ChangeSchema = {
  verbs: ['admin.notice.empty'],
  fields: [],
  sentence: () => 'Delete all notices of the forge',
}

/** Gogs takes no password for an empty one, which would open the account. */
function needsPassword(said: Said): Refusal | undefined {
  if (said('login-type') !== '0-0' || said('password') !== '') return undefined
  return refusal(
    'bad-request',
    'A user of the forge needs a password.',
    'Write a long one that nobody keeps.',
  )
}

/** What makes a person run programs on the server or read its files is given to nobody. */
function giftOfTheServer(said: Said): Refusal | undefined {
  if (said('allow-git-hook') === 'yes') return REFUSED.gitHooks
  return said('allow-import-local') === 'yes' ? REFUSED.importLocal : undefined
}
