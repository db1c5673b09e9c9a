import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'undici'
import type { RunningGateway } from './gateway.ts'
import { type SoftPasskey, softPasskey } from './soft-passkey.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly url: string
  readonly text: string
}

/** A browser without a screen: cookies by host, one origin at a time, as a page's own script would ask. */
export class Person {
  readonly gateway: RunningGateway
  readonly passkey: SoftPasskey
  readonly #cookies = new Map<string, Map<string, string>>()

  constructor(gateway: RunningGateway) {
    this.gateway = gateway
    this.passkey = softPasskey(gateway.portal)
  }

  /** One request with this person's cookies, exactly as given: redirects are not followed, and no field is added. */
  async ask(
    url: string,
    init: { method?: string; body?: string | Buffer; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const { host } = new URL(url)
    const jar = this.#cookies.get(host) ?? new Map<string, string>()
    this.#cookies.set(host, jar)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const { statusCode, headers, body } = await request(url, {
      method: (init.method ?? 'GET') as 'GET',
      headers: { ...(cookie && { cookie }), ...init.headers },
      ...(init.body !== undefined && { body: init.body }),
    })
    const response: Answer = { status: statusCode, headers, url, text: await body.text() }
    for (const line of [headers['set-cookie'] ?? []].flat()) {
      const [pair] = line.split(';', 1)
      const name = pair!.slice(0, pair!.indexOf('='))
      if (/max-age=0/i.test(line)) jar.delete(name)
      else jar.set(name, pair!.slice(name.length + 1))
    }
    return response
  }

  cookie(origin: string, name: string): string | undefined {
    return this.#cookies.get(new URL(origin).host)?.get(name)
  }

  /** A page's own POST of JSON to the portal. */
  async portal(path: string, body: object): Promise<{ status: number; json: Record<string, any> }> {
    const response = await this.ask(`${this.gateway.portal}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        origin: this.gateway.portal,
        'sec-fetch-site': 'same-origin',
      },
    })
    return { status: response.status, json: JSON.parse(response.text) as Record<string, any> }
  }

  /** Register the first passkey with a one-time link. */
  async enrol(link: string, name = 'Soft passkey'): Promise<void> {
    const secret = new URL(link).hash.slice(1)
    await this.ask(`${this.gateway.portal}/enrol`)
    const begun = await this.portal('/enrol/begin', { secret })
    assert.equal(begun.status, 200, JSON.stringify(begun.json))
    const options = (begun.json['options'] ?? begun.json) as { challenge: string; user: { id: string } }
    const done = await this.portal('/enrol/finish', {
      secret,
      device: name,
      credential: this.passkey.create(options),
    })
    assert.equal(done.status, 200, JSON.stringify(done.json))
  }

  async signIn(): Promise<void> {
    await this.ask(`${this.gateway.portal}/sign-in`)
    const { json } = await this.portal('/sign-in/begin', {})
    this.passkey.counter++
    const done = await this.portal('/sign-in/finish', {
      handle: '',
      credential: this.passkey.get(json['options']),
    })
    assert.equal(done.status, 200, JSON.stringify(done.json))
  }

  /** Open a forge session through the hand-over, as a navigation to `path` would. */
  async openForge(path = '/'): Promise<Answer> {
    let response = await this.ask(`${this.gateway.url}${path}`, { headers: NAVIGATE })
    for (let hops = 0; response.status >= 300 && response.status < 400 && hops < 5; hops++) {
      response = await this.ask(new URL(String(response.headers['location']), response.url).href, {
        headers: NAVIGATE,
      })
    }
    return response
  }

  /** Add a passkey of another device, approved with the one there is. */
  async addPasskey(name: string, passkey = softPasskey(this.gateway.portal)): Promise<SoftPasskey> {
    const { create } = await this.approve('add-passkey', { name })
    const done = await this.portal('/devices/add-passkey/finish', {
      name,
      credential: passkey.create(create as { challenge: string; user: { id: string } }),
    })
    assert.equal(done.status, 200, JSON.stringify(done.json))
    return passkey
  }

  /** Approve a change of the portal with the passkey. */
  async approve(what: string, of: object, by = this.passkey): Promise<Record<string, any>> {
    const begun = await this.portal('/approve/begin', { what, of })
    assert.equal(begun.status, 200, JSON.stringify(begun.json))
    by.counter++
    const done = await this.portal('/approve/finish', {
      id: begun.json['id'],
      credential: by.get(begun.json['options']),
    })
    assert.equal(done.status, 200, JSON.stringify(done.json))
    return done.json
  }
}

export const NAVIGATE = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' }
