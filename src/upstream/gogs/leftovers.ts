import { ForgeError } from '../forge.ts'
import type { Leftover } from '../leftover.ts'
import { type Answer, type Client, unexpected } from './client.ts'
import { isOwnerName, isRepoName } from './names.ts'
import { tokenNames } from './tokens.ts'

const MAX_PEOPLE = 1_000_000
const MAX_ANSWER = 64 * 1024 * 1024
const PAGES_AT_MOST = 10_000
/** Tokens that a gateway minted for itself: it ends them by itself. */
const MINTED = /^cs-[0-9a-f]{12}-/

interface Asker {
  readonly client: Client
  readonly serviceUser: string
  /** A token that acts as a person, minted for this. */
  readonly tokenOf: (user: string) => Promise<string>
}

/** All that the interface of Gogs, and the pages of each person, show of keys, tokens, webhooks and mirrors. */
export async function readLeftovers(asker: Asker): Promise<Leftover[]> {
  const { client, serviceUser } = asker
  const found: Leftover[] = []
  const repos = new Map<string, boolean>()
  for (const { id, name } of await people(client, serviceUser)) {
    if (name.toLowerCase() !== serviceUser.toLowerCase()) {
      const keys = await list(asker, `/api/v1/users/${name}/keys`)
      for (const key of keys)
        found.push({ kind: 'ssh-key', where: name, name: keyName(key), id: number(key['id']) })
      const tokens = await tokensOf(client, name)
      if (tokens === undefined) {
        found.push({ kind: 'closed-account', where: name, name: 'may not sign in', id: null })
        continue
      }
      for (const token of tokens) found.push({ kind: 'token', where: name, ...token })
    }
    for (const owner of [id, ...(await orgsOf(client, name))])
      for (const [path, mirror] of await reposOf(client, name, owner)) repos.set(path, mirror)
  }
  for (const [path, mirror] of [...repos].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (mirror) found.push({ kind: 'mirror', where: path, name: 'fetches from elsewhere', id: null })
    for (const key of await list(asker, `/api/v1/repos/${path}/keys`))
      found.push({ kind: 'deploy-key', where: path, name: keyName(key), id: number(key['id']) })
    for (const hook of await list(asker, `/api/v1/repos/${path}/hooks`))
      found.push({ kind: 'webhook', where: path, name: hookName(hook), id: null })
  }
  return found
}

/** End what the interface can end: an SSH key, a token, a deploy key. Whether it is gone now. */
export async function endLeftover({ kind, where, id }: Leftover, asker: Asker): Promise<boolean> {
  if (id === null) throw new RangeError(`a ${kind} cannot be ended`)
  const { client, serviceUser, tokenOf } = asker
  if (kind === 'token') {
    const page = await client.ask({ path: TOKENS, as: where })
    const csrf = page.cookie('_csrf')
    if (page.status !== 200 || csrf === undefined) return false
    const answer = await client.ask({
      method: 'POST',
      path: `${TOKENS}/delete`,
      as: where,
      csrf: decodeURIComponent(csrf),
      form: { id: String(id) },
    })
    return (
      answer.status === 200 && (await tokensOf(client, where))?.every((token) => token.id !== id) === true
    )
  }
  const [path, as] =
    kind === 'ssh-key'
      ? [`/api/v1/user/keys/${id}`, where]
      : kind === 'deploy-key'
        ? [`/api/v1/repos/${where}/keys/${id}`, serviceUser]
        : [undefined, '']
  if (path === undefined) throw new RangeError(`a ${kind} cannot be ended`)
  const answer = await client.ask({ method: 'DELETE', path, authorization: `token ${await tokenOf(as)}` })
  return answer.status === 204
}

const TOKENS = '/user/settings/applications'

async function people(client: Client, serviceUser: string): Promise<{ id: number; name: string }[]> {
  const path = `/api/v1/users/search?q=%25&limit=${MAX_PEOPLE}`
  const answer = await client.ask({ path, as: serviceUser, limit: MAX_ANSWER })
  return (await rows(answer, 'data')).flatMap((one) => {
    const name = one['username'] ?? one['login']
    const id = number(one['id'])
    return typeof name === 'string' && isOwnerName(name) && id !== null ? [{ id, name }] : []
  })
}

/** Ids of the organisations that somebody is in, from their own page: the interface tells public members alone. */
async function orgsOf(client: Client, user: string): Promise<number[]> {
  const page = await client.ask({ path: '/user/settings/organizations', as: user })
  if (page.status === 404) return []
  if (page.status !== 200) throw unexpected('the page of organisations', page)
  return [...page.body.toString('utf8').matchAll(/data-id="([0-9]+)"/g)].map(([, id]) => Number(id))
}

/** Repositories of an owner as a person sees them who is that owner, or owns it: `owner/name`, and whether it is a mirror. */
async function reposOf(client: Client, as: string, owner: number): Promise<[string, boolean][]> {
  const found: [string, boolean][] = []
  // Gogs takes an empty word for a dot; `%` is any name.
  for (let page = 1; page <= PAGES_AT_MOST; page++) {
    const path = `/api/v1/repos/search?q=%25&uid=${owner}&limit=50&page=${page}`
    const some = await rows(await client.ask({ path, as, limit: MAX_ANSWER }), 'data')
    if (some.length === 0) break
    for (const repo of some) {
      const [name, rest] = String(repo['full_name']).split('/')
      if (name && rest && isOwnerName(name) && isRepoName(rest))
        found.push([`${name}/${rest}`, repo['mirror'] === true])
    }
  }
  return found
}

/** Undefined for somebody who is shown another page in its place: a login that is prohibited, say. */
async function tokensOf(client: Client, user: string): Promise<{ name: string; id: number }[] | undefined> {
  const page = await client.ask({ path: TOKENS, as: user })
  const text = page.body.toString('utf8')
  if (page.status !== 200 || !text.includes('name="name"')) return undefined
  return tokenNames(text).filter(({ name }) => !MINTED.test(name))
}

async function list(
  { client, serviceUser, tokenOf }: Asker,
  path: string,
): Promise<Record<string, unknown>[]> {
  return rows(
    await client.ask({ path, authorization: `token ${await tokenOf(serviceUser)}`, limit: MAX_ANSWER }),
  )
}

/** The objects of a list, or of a member that is one; none when there is nothing at the address. */
async function rows(answer: Answer, member?: string): Promise<Record<string, unknown>[]> {
  if (answer.status === 404) return []
  if (answer.status !== 200) throw unexpected('a list', answer)
  try {
    const value = JSON.parse(answer.body.toString('utf8')) as unknown
    const all = member === undefined ? value : (value as Record<string, unknown>)[member]
    if (all === null) return []
    if (Array.isArray(all)) return all.filter((one) => typeof one === 'object' && one !== null)
  } catch {
    // Falls through.
  }
  throw new ForgeError('unexpected', 'the forge answered no list')
}

function number(value: unknown): number | null {
  return Number.isSafeInteger(value) ? (value as number) : null
}

/** Its title, and the kind of key. */
function keyName({ title, key }: Record<string, unknown>): string {
  const type = typeof key === 'string' ? key.split(' ', 1)[0]! : 'a key'
  return typeof title === 'string' && title !== '' ? `${title} (${type})` : type
}

/** Kind and host: the rest of the address may be a secret. */
function hookName({ type, config }: Record<string, unknown>): string {
  const url = (config as { url?: unknown } | undefined)?.url
  return `${typeof type === 'string' ? type : 'webhook'} to ${typeof url === 'string' && URL.canParse(url) ? new URL(url).host : 'an address'}`
}
