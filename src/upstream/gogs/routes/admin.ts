import {
  NOTICE_DELETE,
  NOTICE_EMPTY,
  OPERATION,
  REPO_DELETE,
  TEST_MAIL,
  USER_CREATE,
  USER_DELETE,
  USER_UPDATE,
} from '../changes/admin.ts'
import { change, READ, type RouteLine, refuse, secret } from './fate.ts'

export const admin: readonly RouteLine[] = [
  ['GET', '/admin', READ],
  ['POST', '/admin', change('admin', OPERATION)],
  ['GET', '/admin/config', secret('admin.config.read')],
  ['POST', '/admin/config/test_mail', change('admin', TEST_MAIL)],
  ['GET', '/admin/monitor', READ],
  ['GET', '/admin/users', READ],
  ['GET', '/admin/users/new', READ],
  ['POST', '/admin/users/new', change('account', USER_CREATE)],
  ['GET', '/admin/users/:id', READ],
  ['POST', '/admin/users/:id', change('account', USER_UPDATE)],
  ['POST', '/admin/users/:id/delete', change('account', USER_DELETE)],
  ['GET', '/admin/orgs', READ],
  ['GET', '/admin/repos', READ],
  ['POST', '/admin/repos/delete', change('admin', REPO_DELETE)],
  ['GET', '/admin/auths', READ],
  ['ANY', '/admin/auths/new', refuse('secret', 'admin.auth-source.create')],
  ['GET', '/admin/auths/:id', secret('admin.auth-source.read')],
  ['POST', '/admin/auths/:id', refuse('secret', 'admin.auth-source.update')],
  ['POST', '/admin/auths/:id/delete', refuse('admin', 'admin.auth-source.delete')],
  ['GET', '/admin/notices', READ],
  ['POST', '/admin/notices/delete', change('admin', NOTICE_DELETE)],
  // A GET that deletes.
  ['GET', '/admin/notices/empty', change('admin', NOTICE_EMPTY)],
]
