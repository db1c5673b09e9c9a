import type { RepoRef } from '../../core/action/action.ts'
import type { Change } from '../../core/action/change.ts'
import type { CommitWays } from '../forge.ts'
import type { Client } from './client.ts'

/** How Gogs words the commits of its editor and wiki, what it makes of their text, and where it leads then. */
export function commitWays(client: Client): CommitWays {
  return {
    message,
    // The editor takes carriage returns out; the wiki does not.
    content: ({ verb }, text) => (verb.startsWith('wiki.') ? text : text.replaceAll('\r', '')),
    mayPut: (path) => !path.split('/').some((part) => /\.git\.?$/i.test(part)),
    async hasWiki({ owner, name }, user) {
      const { status } = await client.ask({ method: 'HEAD', path: `/${owner}/${name}/wiki/_new`, as: user })
      return status === 200
    },
    wikiBranch: (refs) => (refs.has('refs/heads/main') ? 'main' : 'master'),
    wikiFile: (title) => {
      const name = pageName(title)
      return name === undefined ? undefined : `${name}.md`
    },
    async next(change, repo, user) {
      const compare = comparison(change, repo)
      if (compare === undefined) return pageAfter(change, repo)
      // Where pull requests are switched off there is no such page.
      const { status } = await client.ask({ method: 'HEAD', path: compare, as: user })
      return status === 200 ? compare : pageAfter(change, repo)
    },
  }
}

function saidIn({ fields, stated }: Pick<Change, 'fields' | 'stated'>): (key: string) => string {
  return (key) => (fields.find((one) => one[0] === key) ?? stated.find((one) => one[0] === key))?.[1] ?? ''
}

function message(change: Change): string {
  const said = saidIn(change)
  const { verb } = change
  if (verb === 'wiki.delete') return `Delete page '${pageOf(said('file'))}'`
  if (verb.startsWith('wiki.')) return said('message') || `Update page '${pageOf(said('new-file'))}'`
  const summary = said('commit-summary').trim() || DEFAULTS[verb]?.(said) || verb
  const more = said('commit-message').trim()
  return more === '' ? summary : `${summary}\n\n${more}`
}

const DEFAULTS: { readonly [verb: string]: (said: (key: string) => string) => string } = {
  'file.create': (said) => `Add '${said('path')}'`,
  'file.edit': (said) => `Update '${said('path')}'`,
  'file.delete': (said) => `Delete '${said('file')}'`,
  'file.upload': (said) => `Upload files to '${said('path')}'`,
}

/**
 * The name of a page, of its title or of the word for it in an address: Gogs reads both as parts of a query. Pages lie in one
 * folder, so what would be a folder of its own becomes a blank. Undefined where Gogs would have to guess.
 */
function pageName(title: string): string | undefined {
  let name: string
  try {
    name = decodeURIComponent(title.replaceAll('+', ' '))
  } catch {
    return undefined
  }
  const plain = !/[\p{Cc}\\]/u.test(name) && !name.split('/').some((part) => /^\.{0,2}$/.test(part))
  return plain ? name.replaceAll('/', ' ') : undefined
}

function pageOf(file: string): string {
  return file.replace(/\.md$/, '')
}

const link = (...segments: readonly string[]): string =>
  segments.map((one) => `/${one.split('/').map(encodeURIComponent).join('/')}`).join('')

function comparison(change: Change, { owner, name }: RepoRef): string | undefined {
  const said = saidIn(change)
  if (said('commit-choice') !== 'new-branch') return undefined
  const [base, head] = [said('branch'), said('new-branch')].map(escaped)
  return `${link(owner, name)}/compare/${base}...${owner}:${head}`
}

function pageAfter(change: Change, { owner, name }: RepoRef): string {
  const said = saidIn(change)
  const { verb } = change
  if (verb === 'wiki.delete') return `${link(owner, name)}/wiki/`
  if (verb.startsWith('wiki.')) return `${link(owner, name)}/wiki/${queryWord(pageOf(said('new-file')))}`
  const branch = said('commit-choice') === 'new-branch' ? said('new-branch') : said('branch')
  const path = verb === 'file.delete' ? '' : said('path')
  return link(owner, name, 'src', branch, ...(path === '' ? [] : [path]))
}

function escaped(text: string): string {
  return text.split('/').map(encodeURIComponent).join('/')
}

/** A word of a query as Go's net/url writes it. */
function queryWord(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}
