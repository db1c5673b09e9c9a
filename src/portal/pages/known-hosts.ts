import { refusal } from '../../core/refusal.ts'
import type { Visit } from '../visit.ts'
import { refuse } from '../visit.ts'

/** Host keys for pinning: lines as they stand in known_hosts, for anybody. */
export function show(visit: Visit): Response {
  const { ssh } = visit.deps
  if (!ssh) return refuse(visit, refusal('unknown-action', 'There is no git over SSH here.'))
  return new Response(ssh.knownHosts, {
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'public, max-age=300' },
  })
}
