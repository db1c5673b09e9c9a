import { HOOK_FIELDS, hookCreate, hookDelete, hookUpdate } from '../changes/webhooks.ts'
import { change, READ, type RouteLine, secret } from './fate.ts'

/** The pages of webhooks, which a repository and an organisation have alike, below `base`. */
export function webhooks(on: 'repo' | 'org', base: string): readonly RouteLine[] {
  const show = secret(`${on}.webhook.read`)
  return [
    ['GET', base, show],
    ['POST', `${base}/delete`, change('hooks', hookDelete(on))],
    ['GET', `${base}/:id`, show],
    ...Object.keys(HOOK_FIELDS).flatMap((kind): RouteLine[] => [
      ['GET', `${base}/${kind}/new`, READ],
      ['POST', `${base}/${kind}/new`, change('hooks', hookCreate(on, kind))],
      ['POST', `${base}/${kind}/:id`, change('hooks', hookUpdate(on, kind))],
    ]),
  ]
}
