import type { ChangeAnswer, ChangeRequest } from '../forge.ts'
import { ForgeError } from '../forge.ts'
import type { Answer, Client } from './client.ts'
import type { GogsLine } from './lines.ts'

/** A page that every signed-in person may open, for its token against request forgery. */
const TOKEN_PAGE = '/user/settings'

/**
 * Send a change as `user` and read what became of it. Gogs answers a form that it took with a redirect, one that it did not
 * with the form again or with a redirect and an error in its flash cookie; buttons that ask by script get JSON, or 204.
 */
export async function sendChange(
  client: Client,
  user: string,
  { method, path, body }: ChangeRequest,
  { csrf: wanted }: Pick<GogsLine, 'csrf'>,
  patience?: number,
): Promise<ChangeAnswer> {
  if (method === 'GET') return read(await client.ask({ path, as: user }))
  const wait = patience === undefined ? {} : { patience }
  const token = wanted ? { csrf: await csrfToken(client, user) } : {}
  return read(await client.ask({ method, path, as: user, encoded: body, ...token, ...wait }))
}

/** A fresh token against request forgery. */
export async function csrfToken(client: Client, user: string): Promise<string> {
  const page = await client.ask({ path: TOKEN_PAGE, as: user })
  const csrf = page.cookie('_csrf')
  if (page.status !== 200 || csrf === undefined)
    throw new ForgeError('unexpected', `the forge answered ${page.status} to the page with its token`)
  return decodeURIComponent(csrf)
}

function read(answer: Answer): ChangeAnswer {
  const { status } = answer
  const flash = flashOf(answer.cookie('macaron_flash'))
  const error = flash?.get('error')
  if (status >= 300 && status < 400) {
    const next = pathOf(answer.location)
    return { status, accepted: !error, next, said: error ? plain(error) : null }
  }
  if (status === 204) return { status, accepted: true, next: null, said: null }
  if (status === 200 && answer.contentType.startsWith('application/json')) return readJson(answer)
  return { status, accepted: false, next: null, said: error ? plain(error) : complaint(answer) }
}

function readJson(answer: Answer): ChangeAnswer {
  const { status } = answer
  try {
    const said = JSON.parse(answer.body.toString('utf8')) as { [key: string]: unknown } | null
    const next = typeof said?.['redirect'] === 'string' ? pathOf(said['redirect']) : null
    if (said?.['ok'] !== false) return { status, accepted: true, next, said: null }
    const error = said['error'] ?? said['err']
    return { status, accepted: false, next, said: typeof error === 'string' ? plain(error) : null }
  } catch {
    return { status, accepted: false, next: null, said: null }
  }
}

/** Values of the flash cookie: a query string, percent-encoded once more for the cookie. */
function flashOf(cookie: string | undefined): URLSearchParams | undefined {
  try {
    return cookie === undefined ? undefined : new URLSearchParams(decodeURIComponent(cookie))
  } catch {
    return undefined
  }
}

/** What the form says when it comes back: the text of its negative message. */
function complaint({ body }: Answer): string | null {
  const found = /<div class="ui negative message">([\s\S]{0,2000}?)<\/div>/.exec(body.toString('utf8'))
  return found ? plain(found[1]!) : null
}

/** Text without markup, on one line. */
function plain(html: string): string {
  const text = html
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(amp|lt|gt|quot|#34|#39);/g, (_, name: string) => ENTITIES[name]!)
  return text.replace(/\s+/g, ' ').trim().slice(0, 300)
}

const ENTITIES: { readonly [name: string]: string } = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#34': '"',
  '#39': "'",
}

/** A path of the forge in a redirect; anything that leads elsewhere, or has two readings, is none. */
function pathOf(location: string): string | null {
  return /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(location) ? location : null
}
