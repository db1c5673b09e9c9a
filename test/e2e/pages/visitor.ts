import type { FakePortal } from './fake-portal.ts'

/** A browser of sorts: keeps cookies, sends what a browser sends from a page of the portal. */
export interface Visitor {
  readonly cookies: Map<string, string>
  get(path: string, headers?: Record<string, string>): Promise<Response>
  post(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Response>
  postJson(path: string, body: object, headers?: Record<string, string>): Promise<Response>
}

export function visitor(fake: FakePortal, session?: string): Visitor {
  const { origin, portal } = fake
  const names = origin.startsWith('https:') ? '__Host-countersign' : 'countersign_portal'
  const cookies = new Map<string, string>(session === undefined ? [] : [[names, session]])

  async function send(
    path: string,
    init: RequestInit & { headers: Record<string, string> },
  ): Promise<Response> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = cookie === '' ? init.headers : { cookie, ...init.headers }
    const response = await portal.fetch(
      new Request(origin + path, { ...init, headers, redirect: 'manual' }),
      { address: '127.0.0.1' },
    )
    for (const field of response.headers.getSetCookie()) {
      const [, name, value, maxAge] = /^([^=]+)=([^;]*);.*Max-Age=(\d+)/.exec(field)!
      if (maxAge === '0') cookies.delete(name!)
      else cookies.set(name!, value!)
    }
    return response
  }

  const ours = { origin, 'sec-fetch-site': 'same-origin' }
  return {
    cookies,
    get: (path, headers = {}) => send(path, { headers }),
    post: (path, fields, headers = {}) =>
      send(path, {
        method: 'POST',
        body: new URLSearchParams(fields).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...ours, ...headers },
      }),
    postJson: (path, body, headers = {}) =>
      send(path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...ours, ...headers },
      }),
  }
}
