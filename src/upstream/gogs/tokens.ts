import { Buffer } from 'node:buffer'
import { randomBytes } from '../../core/crypto.ts'
import { ForgeError } from '../forge.ts'
import { type Client, unexpected } from './client.ts'

const PAGE = '/user/settings/applications'
const CLOSE_AT_ONCE = 8

/** Access tokens of Gogs that this process minted, one a user, in memory only. */
export interface Tokens {
  /** The token that acts as `user`; concurrent calls share one minting. */
  token(user: string): Promise<string>
  /** Forget it; the next call mints another and deletes what this instance left behind. */
  drop(user: string): void
  /** Delete every token of this instance for the users seen. Never rejects. */
  close(): Promise<void>
}

/**
 * Way A of the contract: a person asks for a token on their own settings page, here by the identity header and a
 * fresh CSRF token; it comes back in the flash cookie of the redirect. Names are `cs-INSTANCE-RANDOM`, so that one
 * gateway never deletes another's.
 */
export function createTokens(client: Client, instance: string): Tokens {
  const minted = new Map<string, Promise<string>>()
  const touched = new Set<string>()
  const prefix = `cs-${instance}-`

  /** Delete this instance's tokens of `user`; gives a CSRF token that is good for the next POST. */
  async function sweep(user: string): Promise<string> {
    const page = await client.ask({ path: PAGE, as: user })
    const csrf = page.cookie('_csrf')
    if (page.status !== 200 || csrf === undefined) throw unexpected('the page of access tokens', page)
    for (const id of tokenIds(page.body.toString('utf8'), prefix)) {
      const answer = await client.ask({
        method: 'POST',
        path: `${PAGE}/delete`,
        as: user,
        csrf: decodeURIComponent(csrf),
        form: { id },
      })
      if (answer.status !== 200) throw unexpected('deleting an access token', answer)
    }
    return decodeURIComponent(csrf)
  }

  async function mint(user: string): Promise<string> {
    touched.add(user)
    const csrf = await sweep(user)
    const name = prefix + randomBytes(8).toString('hex')
    const answer = await client.ask({ method: 'POST', path: PAGE, as: user, csrf, form: { name } })
    const token = tokenInFlash(answer.cookie('macaron_flash'))
    if (answer.status !== 302 || token === undefined) throw unexpected('minting an access token', answer)
    return token
  }

  return {
    token(user) {
      const key = user.toLowerCase()
      const known = minted.get(key)
      if (known) return known
      const fresh = mint(key)
      minted.set(key, fresh)
      fresh.catch(() => {
        if (minted.get(key) === fresh) minted.delete(key)
      })
      return fresh
    },
    drop: (user) => void minted.delete(user.toLowerCase()),
    async close() {
      await Promise.allSettled(minted.values())
      minted.clear()
      const left = [...touched]
      touched.clear()
      const worker = async (): Promise<void> => {
        // A forge that is gone or refuses keeps the token until the next start sweeps it.
        for (let user = left.pop(); user !== undefined; user = left.pop())
          await sweep(user).catch(() => undefined)
      }
      await Promise.all(Array.from({ length: CLOSE_AT_ONCE }, worker))
    },
  }
}

/** `Authorization` for git: the token stands where the user name would (contract 3), so no password is ever tried. */
export function basicOf(token: string): string {
  return `Basic ${Buffer.from(`${token}:`).toString('base64')}`
}

/** The token in `macaron_flash`, a query string that is percent-encoded once more for the cookie. */
function tokenInFlash(cookie: string | undefined): string | undefined {
  if (cookie === undefined) return undefined
  try {
    const token = new URLSearchParams(decodeURIComponent(cookie)).get('info')
    return token !== null && /^[0-9a-f]{40}$/.test(token) ? token : undefined
  } catch {
    throw new ForgeError('unexpected', 'the forge set a cookie that cannot be read')
  }
}

/** Ids of the tokens whose names begin with `prefix`, from the page that lists them. */
function tokenIds(html: string, prefix: string): string[] {
  return tokenNames(html)
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ id }) => String(id))
}

/** Names and ids of the tokens on the page that lists them; names as they stand in the markup. */
export function tokenNames(html: string): { readonly name: string; readonly id: number }[] {
  const found: { name: string; id: number }[] = []
  let name: string | undefined
  for (const [, strong, id] of html.matchAll(/<strong>([^<]*)<\/strong>|data-id="([0-9]+)"/g)) {
    if (strong !== undefined) name = strong
    else if (id !== undefined && name !== undefined) found.push({ name, id: Number(id) })
    if (id !== undefined) name = undefined
  }
  return found
}
