import type { ChangeSchema } from '../../../core/action/change.ts'
import { choice, type FieldSpec, field, line, YES_NO } from '../../../core/action/field.ts'
import { at, hostOf, id, SECRET_URL, secret, URL_TEXT } from './kinds.ts'

const chosen = (event: string): FieldSpec =>
  field(`on-${event}`, YES_NO, { name: event.replaceAll('-', '_'), when: ['events', 'chosen'] })

const EVENTS: readonly FieldSpec[] = [
  field('events', choice({ push_only: 'pushes', send_everything: 'everything', choose_events: 'chosen' }), {
    required: true,
  }),
  ...['create', 'delete', 'fork', 'push', 'issues', 'issue-comment', 'pull-request', 'release'].map(chosen),
  field('active', YES_NO),
]

const looks = [field('username', line(100)), field('icon-url', URL_TEXT), field('color', line(20))]

/** Whoever knows the address of a chat's webhook may write there, so it counts as a secret. */
const chatUrl = field('payload-url', SECRET_URL, { required: true, digest: true })

/** The kinds of webhook, by the word in the address of their form. */
export const HOOK_FIELDS: { readonly [kind: string]: readonly FieldSpec[] } = {
  gogs: [
    field('payload-url', URL_TEXT, { required: true }),
    // A page on which nobody chose sends the name in place of the number.
    field('content-type', choice({ 1: 'json', 2: 'form', 'application/json': 'json' }), { required: true }),
    secret('secret', 'secret'),
    ...EVENTS,
  ],
  slack: [chatUrl, field('channel', line(100), { required: true }), ...looks, ...EVENTS],
  discord: [chatUrl, ...looks, ...EVENTS],
  dingtalk: [chatUrl, ...EVENTS],
}

export function hookCreate(on: 'repo' | 'org', kind: string): ChangeSchema {
  return {
    verbs: [`${on}.webhook.create`],
    constants: [['kind', kind]],
    fields: HOOK_FIELDS[kind]!,
    sentence: (said, where) =>
      `Send news of ${at(where)} to ${hostOf(said('payload-url'))}, as a webhook of the kind ${kind}`,
  }
}

export function hookUpdate(on: 'repo' | 'org', kind: string): ChangeSchema {
  return {
    verbs: [`${on}.webhook.update`],
    constants: [['kind', kind]],
    params: [id('hook', ':id')],
    fields: HOOK_FIELDS[kind]!,
    sentence: (said, where) =>
      `Change webhook ${said('hook')} of ${at(where)}, which ${said('active') === 'yes' ? 'sends' : 'will not send'} news to ${hostOf(said('payload-url'))}`,
  }
}

export function hookDelete(on: 'repo' | 'org'): ChangeSchema {
  return {
    verbs: [`${on}.webhook.delete`],
    fields: [id('hook', 'id')],
    sentence: (said, where) => `Delete webhook ${said('hook')} of ${at(where)}`,
  }
}
