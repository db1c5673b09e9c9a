import { see, type Visit } from '../visit.ts'

const HANDLE = /^[A-Za-z0-9_-]{43}$/

/**
 * The way to the forge origin: a one-time code for the browser that asked there. Without a session, sign in first. A
 * handle that is no longer good costs one more round through the forge, which makes a fresh one.
 */
export function show({ deps, person, query }: Visit): Response {
  const handle = query.get('h') ?? ''
  if (!HANDLE.test(handle)) return see(`${deps.forgeOrigin}/`)
  if (!person) return see(`/sign-in?h=${handle}`)
  const code = deps.handOver.issue(handle, person.session)
  return see(code === undefined ? `${deps.forgeOrigin}/` : `${deps.forgeOrigin}/-/enter?code=${code}`)
}
