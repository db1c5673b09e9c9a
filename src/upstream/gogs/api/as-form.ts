import type { Form } from '../../../core/action/form.ts'
import { type Refusal, refusal } from '../../../core/refusal.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { JsonObject } from '../../../core/strict-json.ts'
import type { ApiLook } from '../../forge.ts'
import { bad, checkMembers, type Members } from './body.ts'

/** A form of the pages that says the same as a request of the interface. */
export interface SameForm {
  readonly method: 'GET' | 'POST'
  /** Canonical. */
  readonly path: string
  readonly form: Form
}

/** Open words of the address, decoded, by their names in the pattern. */
export type Words = { readonly [name: string]: string }

/** How a change of the interface is said as a form of the pages. Nothing of it is sent before somebody proved that form. */
export interface Translation {
  readonly members: Members
  to(
    json: JsonObject,
    words: Words,
    look: ApiLook,
  ): Result<SameForm, Refusal> | Promise<Result<SameForm, Refusal>>
}

const NO_PERSON = refusal('not-found', 'The forge has no such person.', 'Check the name.')

/** Checks the members of a body, then says the form. */
export async function translate(
  { members, to }: Translation,
  json: JsonObject,
  words: Words,
  look: ApiLook,
): Promise<Result<SameForm, Refusal>> {
  const wrong = checkMembers(json, members)
  return wrong ? err(wrong) : to(json, words, look)
}

/** A path written from words of the address. */
function path(...words: readonly string[]): string {
  return `/${words.map(encodeURIComponent).join('/')}`
}
const post = (to: string, form: Form): Result<SameForm, Refusal> => ok({ method: 'POST', path: to, form })
const inRepo = ({ owner, repo }: Words, ...rest: readonly string[]): string => path(owner!, repo!, ...rest)

const text = (json: JsonObject, name: string): string => (json.get(name) as string | undefined) ?? ''
/** The pairs of those members that are there and say something; a flag that is off says nothing, as a checkbox. */
function pairs(json: JsonObject, names: { readonly [member: string]: string }): Form {
  return Object.entries(names).flatMap(([member, name]) => {
    const value = json.get(member)
    if (value === undefined || value === '' || value === false) return []
    return [[name, value === true ? 'on' : String(value)] as const]
  })
}

function oneEmail(json: JsonObject): Result<string, Refusal> {
  const emails = (json.get('emails') as readonly string[] | undefined) ?? []
  return emails.length === 1 ? ok(emails[0]!) : err(bad('Mail addresses are changed one at a time.'))
}

export const EMAIL_ADD: Translation = {
  members: { emails: 'words' },
  to(json) {
    const email = oneEmail(json)
    return email.ok ? post('/user/settings/email', [['email', email.value]]) : email
  },
}

export const EMAIL_DELETE: Translation = {
  members: { emails: 'words' },
  to(json) {
    const email = oneEmail(json)
    return email.ok ? post('/user/settings/email/delete', [['id', email.value]]) : email
  },
}

export const ORG_CREATE: Translation = {
  members: { username: 'text' },
  to: (json) => post('/org/create', pairs(json, { username: 'org_name' })),
}

/** Its members are the fields of the page, by the same names. */
const MIGRATE_FIELDS = {
  clone_addr: 'clone_addr',
  auth_username: 'auth_username',
  auth_password: 'auth_password',
  uid: 'uid',
  repo_name: 'repo_name',
  mirror: 'mirror',
  private: 'private',
  unlisted: 'unlisted',
  description: 'description',
}
export const MIGRATE: Translation = {
  members: {
    clone_addr: 'text',
    auth_username: 'text',
    auth_password: 'text',
    uid: 'number',
    repo_name: 'text',
    mirror: 'flag',
    private: 'flag',
    unlisted: 'flag',
    description: 'text',
  },
  to: (json) => post('/repo/migrate', pairs(json, MIGRATE_FIELDS)),
}

export const REPO_DELETE: Translation = {
  members: {},
  // The name in the address stands for the one that a person types on the page.
  to: (_, words) =>
    post(inRepo(words, 'settings'), [
      ['action', 'delete'],
      ['repo_name', words['repo']!],
    ]),
}

const HOOK_KINDS: { readonly [type: string]: readonly string[] } = {
  gogs: ['url', 'content_type', 'secret'],
  slack: ['url', 'content_type', 'channel', 'username', 'icon_url', 'color'],
  discord: ['url', 'content_type'],
  dingtalk: ['url', 'content_type'],
}
const HOOK_EVENTS = ['create', 'delete', 'fork', 'push', 'issues', 'issue_comment', 'pull_request', 'release']
const CONTENT_TYPES: { readonly [name: string]: string } = { json: '1', form: '2' }

export const HOOK_CREATE: Translation = {
  members: { type: 'text', config: 'texts', events: 'words', active: 'flag' },
  to(json, words) {
    const type = text(json, 'type')
    const config =
      (json.get('config') as ReadonlyMap<string, string> | undefined) ?? new Map<string, string>()
    const events = (json.get('events') as readonly string[] | undefined) ?? []
    const known = Object.hasOwn(HOOK_KINDS, type) ? HOOK_KINDS[type]! : undefined
    if (!known) return err(bad('There is no such kind of webhook.'))
    if ([...config.keys()].some((name) => !known.includes(name)))
      return err(bad('The webhook has a setting that its kind does not have.'))
    const contentType = config.get('content_type') ?? ''
    if (!Object.hasOwn(CONTENT_TYPES, contentType)) return err(bad('The content type is "json" or "form".'))
    if (new Set(events).size !== events.length || events.some((event) => !HOOK_EVENTS.includes(event)))
      return err(bad('There is no such event, or one stands twice.'))
    const chosen = events.length === 0 ? ['push'] : events
    const said = (name: string, field = name): Form => {
      const value = config.get(name) ?? ''
      return value === '' ? [] : [[field, value]]
    }
    return post(inRepo(words, 'settings', 'hooks', type, 'new'), [
      ...said('url', 'payload_url'),
      ...(type === 'gogs' ? [['content_type', CONTENT_TYPES[contentType]!] as const] : []),
      ...['secret', 'channel', 'username', 'icon_url', 'color'].flatMap((name) => said(name)),
      ['events', 'choose_events'],
      ...HOOK_EVENTS.filter((event) => chosen.includes(event)).map((event) => [event, 'on'] as const),
      ...pairs(json, { active: 'active' }),
    ])
  },
}

export const HOOK_DELETE: Translation = {
  members: {},
  to: (_, words) => post(inRepo(words, 'settings', 'hooks', 'delete'), [['id', words['id']!]]),
}

const ACCESS: { readonly [permission: string]: string } = { read: '1', write: '2', admin: '3' }

/** Two forms of the pages: one lets somebody in, the other says what they may do once they are. */
export const COLLABORATOR_PUT: Translation = {
  members: { permission: 'text' },
  async to(json, words, look) {
    const permission = json.has('permission') ? text(json, 'permission') : 'write'
    const mode = Object.hasOwn(ACCESS, permission) ? ACCESS[permission]! : undefined
    if (mode === undefined) return err(bad('The permission is "read", "write" or "admin".'))
    const person = words['person']!
    const id = await look.userId(person)
    if (id === undefined) return err(NO_PERSON)
    if (await look.collaborates(person))
      return post(inRepo(words, 'settings', 'collaboration', 'access_mode'), [
        ['uid', String(id)],
        ['mode', mode],
      ])
    if (permission !== 'write')
      return err(
        bad(
          'Somebody new comes in with write access.',
          'Add them without "permission" first; when that is confirmed, send this again.',
        ),
      )
    return post(inRepo(words, 'settings', 'collaboration'), [['collaborator', person]])
  },
}

export const COLLABORATOR_DELETE: Translation = {
  members: {},
  async to(_, words, look) {
    const id = await look.userId(words['person']!)
    return id === undefined
      ? err(NO_PERSON)
      : post(inRepo(words, 'settings', 'collaboration', 'delete'), [['id', String(id)]])
  },
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const NOT_TEXT = bad(
  'Only text is changed here: UTF-8, without carriage returns, in base64.',
  'Make the change with git, and push it.',
)

/** The text in a `content` member: base64 in its one spelling. The pages' editor would take carriage returns out. */
function textOf(content: string): string | undefined {
  const bytes = Buffer.from(content, 'base64')
  if (bytes.toString('base64') !== content) return undefined
  try {
    const text = utf8.decode(bytes)
    return text.includes('\r') ? undefined : text
  } catch {
    return undefined
  }
}

/**
 * A file of the default branch, there or on a new branch from it: the page's editor says the same, and the commit is made here. A
 * message is a line, or a line, a blank one, and more.
 */
export const CONTENTS_PUT: Translation = {
  members: { message: 'text', content: 'text', branch: 'text' },
  async to(json, words, look) {
    const content = textOf(text(json, 'content'))
    if (content === undefined) return err(NOT_TEXT)
    const [summary = '', ...rest] = text(json, 'message').split('\n\n')
    const more = rest.join('\n\n')
    if (summary === '' || summary.includes('\n') || summary !== summary.trim() || more !== more.trim())
      return err(bad('The message is a line, or a line, a blank one, and more.'))
    const file = words['*']!
    const found = await look.file(file)
    if (!found) return err(refusal('not-found', 'There is no branch to change a file in.', 'Push one.'))
    const { branch, exists } = found
    const to = text(json, 'branch') || branch
    const folder = file.split('/').slice(0, -1)
    const place = exists
      ? ['_edit', ...branch.split('/'), ...file.split('/')]
      : ['_new', ...branch.split('/'), ...folder]
    return post(inRepo(words, ...place), [
      ['tree_path', file],
      ['content', content],
      ['commit_summary', summary],
      ...(more === '' ? [] : [['commit_message', more] as const]),
      ['commit_choice', to === branch ? 'direct' : 'commit-to-new-branch'],
      ...(to === branch ? [] : [['new_branch_name', to] as const]),
    ])
  },
}

/** Only its state: the other members ride on the token, and are sent without it. */
export const MILESTONE_STATE: Translation = {
  members: { state: 'text' },
  to(json, words) {
    const state = text(json, 'state')
    if (state !== 'open' && state !== 'closed') return err(bad('The state is "open" or "closed".'))
    const word = state === 'open' ? 'open' : 'close'
    return ok({ method: 'GET', path: inRepo(words, 'milestones', words['id']!, word), form: [] })
  },
}

export const USER_CREATE: Translation = {
  members: { username: 'text', email: 'text', password: 'text', send_notify: 'flag' },
  to: (json) =>
    post('/admin/users/new', [
      ['login_type', '0-0'],
      ...pairs(json, {
        username: 'user_name',
        email: 'email',
        password: 'password',
        send_notify: 'send_notify',
      }),
    ]),
}

export const USER_DELETE: Translation = {
  members: {},
  async to(_, words, look) {
    const id = await look.userId(words['person']!)
    return id === undefined ? err(NO_PERSON) : post(path('admin', 'users', String(id), 'delete'), [])
  },
}

export const TEAM_CREATE: Translation = {
  members: { name: 'text', description: 'text', permission: 'text' },
  to: (json, words) =>
    post(
      path('org', words['org']!, 'teams', 'new'),
      pairs(json, { name: 'team_name', description: 'description', permission: 'permission' }),
    ),
}
