import { isOid } from '../../core/lfs/object.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { Route } from '../forge.ts'
import { isOwnerName, isRepoName } from './names.ts'
import { BAD_NAME, NEEDS_GIT_SUFFIX, REFUSED, UNKNOWN } from './refused.ts'

const refused = (refusal: Refusal): Route => ({ kind: 'refused', refusal, verb: null })

/**
 * The smart git addresses (gitprotocol-http), in exactly one spelling each: lower-case words, `.git`, and for the
 * advertisement just the one query; and what lies below `info/lfs`. Undefined when the path is not git's at all.
 */
export function gitRoute(method: string, segments: readonly string[], query: string): Route | undefined {
  const word = segments[2]!
  if (word === 'info' && segments[3] === 'lfs') return lfsRoute(method, segments, query)
  const advertises = segments.length === 4 && word === 'info' && segments[3] === 'refs'
  const isRpc = segments.length === 3 && (word === 'git-upload-pack' || word === 'git-receive-pack')
  if (!advertises && !isRpc) return undefined
  const repo = gitRepo(segments[0]!, segments[1]!)
  if ('refusal' in repo) return refused(repo.refusal)
  if (isRpc) {
    if (method !== 'POST' || query !== '') return refused(UNKNOWN)
    return { kind: 'git', service: word, step: 'rpc', ...repo }
  }
  if (method !== 'GET') return refused(UNKNOWN)
  if (query === 'service=git-upload-pack')
    return { kind: 'git', service: 'git-upload-pack', step: 'advertise', ...repo }
  if (query === 'service=git-receive-pack')
    return { kind: 'git', service: 'git-receive-pack', step: 'advertise', ...repo }
  return query === '' ? { kind: 'refused', refusal: REFUSED.dumb, verb: 'git.fetch' } : refused(UNKNOWN)
}

/** Large files (docs/api of git-lfs), as far as Gogs serves them: no locks, nothing for a wiki. */
function lfsRoute(method: string, segments: readonly string[], query: string): Route {
  const base = segments[1]!.endsWith('.git') ? segments[1]!.slice(0, -4) : segments[1]!
  if (!isOwnerName(segments[0]!) || !isRepoName(base) || query !== '') return NO_LFS
  const at = { kind: 'lfs', owner: segments[0]!.toLowerCase(), name: base.toLowerCase() } as const
  const rest = segments.slice(4).join('/')
  if (method === 'POST' && rest === 'objects/batch') return { ...at, step: 'batch' }
  if (method === 'POST' && rest === 'objects/basic/verify') return { ...at, step: 'verify' }
  const oid = rest.startsWith('objects/basic/') ? rest.slice('objects/basic/'.length) : ''
  if (!isOid(oid)) return NO_LFS
  if (method === 'PUT') return { ...at, step: 'upload', oid }
  return method === 'GET' ? { ...at, step: 'download', oid } : NO_LFS
}

const NO_LFS: Route = { kind: 'lfs', step: 'none' }

type GitRepo = { readonly owner: string; readonly name: string; readonly part: 'code' | 'wiki' }

function gitRepo(owner: string, segment: string): GitRepo | { readonly refusal: Refusal } {
  if (!segment.endsWith('.git')) return { refusal: NEEDS_GIT_SUFFIX }
  const base = segment.slice(0, -4)
  const part = base.endsWith('.wiki') ? 'wiki' : 'code'
  const name = part === 'wiki' ? base.slice(0, -5) : base
  if (!isOwnerName(owner) || !isRepoName(name)) return { refusal: BAD_NAME }
  return { owner: owner.toLowerCase(), name: name.toLowerCase(), part }
}
