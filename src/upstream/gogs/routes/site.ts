import { MIGRATE } from '../changes/accounts.ts'
import { ASSET, change, pass, RAW, READ, type RouteLine, refuse } from './fate.ts'

export const site: readonly RouteLine[] = [
  ['GET', '/', READ],
  ['GET', '/explore', READ],
  ['GET', '/explore/repos', READ],
  ['GET', '/explore/users', READ],
  ['GET', '/explore/organizations', READ],
  ['GET', '/issues', READ],
  ['GET', '/pulls', READ],
  ['GET', '/attachments/:uuid', RAW],
  ['POST', '/issues/attachments', pass('issue.attachment.upload')],
  ['POST', '/releases/attachments', pass('release.attachment.upload')],
  ...['assets', 'css', 'img', 'js', 'less', 'plugins', 'avatars', 'repo-avatars'].map(
    (dir): RouteLine => ['GET', `/${dir}/*`, ASSET],
  ),
  ['GET', '/favicon.ico', ASSET],
  ['GET', '/robots.txt', ASSET],
  ['GET', '/repo/create', READ],
  ['POST', '/repo/create', pass('repo.create')],
  ['GET', '/repo/migrate', READ],
  ['POST', '/repo/migrate', change('migrate', MIGRATE)],
  ['GET', '/repo/fork/:id', READ],
  ['POST', '/repo/fork/:id', pass('repo.fork')],
  ['ANY', '/install', refuse('internal', 'instance.install')],
  ['ANY', '/healthcheck', refuse('internal')],
  ['ANY', '/urlmap.json', refuse('internal')],
  ['ANY', '/debug', refuse('internal', 'debug.profile')],
  ['ANY', '/debug/*', refuse('internal', 'debug.profile')],
  ['ANY', '/captcha/*', refuse('internal')],
  ['ANY', '/-/*', refuse('internal')],
]
