import { existsSync } from 'node:fs'
import { commitFile, commitOf, initRepository, readFileAt } from '../git/repository.ts'
import { html } from '../html.ts'
import { form, notFound } from '../layout.ts'
import { type Reply, type RepoVisit, type RouteLine, redirect } from '../visit.ts'
import { repoPage } from '../with-repo.ts'
import { repoLayout } from './repo.ts'

const dirOf = ({ store, repo }: RepoVisit): string => store.repoPath(repo, 'wiki')
const base = ({ owner, repo }: RepoVisit): string => `/${owner.name}/${repo.name}/wiki`
const MOST = 255

/** The name of a page by its word in an address, or by its title: both are read as part of a query. */
function nameOf(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' ')).replaceAll('/', ' ')
  } catch {
    return ''
  }
}

const addressOf = (visit: RepoVisit, name: string): string =>
  `${base(visit)}/${encodeURIComponent(name).replaceAll('%20', '+')}`

async function contentOf(visit: RepoVisit, name: string): Promise<Buffer | undefined> {
  const dir = dirOf(visit)
  const commit = existsSync(dir) ? await commitOf(dir, 'refs/heads/master') : undefined
  return commit === undefined ? undefined : readFileAt(dir, commit, `${name}.md`)
}

async function show(visit: RepoVisit): Promise<Reply> {
  if (!existsSync(dirOf(visit))) return repoLayout(visit, 'Wiki', html`<p>There is nothing here yet.</p>`)
  const content = await contentOf(visit, nameOf(visit.params[2] ?? 'Home'))
  return content ? repoLayout(visit, 'Wiki', html`<pre>${content.toString()}</pre>`) : notFound(visit)
}

function editor(isNew: boolean) {
  return async (visit: RepoVisit): Promise<Reply> => {
    const name = isNew ? '' : nameOf(visit.params[2]!)
    const content = isNew ? Buffer.alloc(0) : await contentOf(visit, name)
    if (!content) return notFound(visit)
    const fields = html`<input type="hidden" name="old_title" value="${name}"><label>Title <input name="title" value="${name}"></label><textarea name="content">${content.toString()}</textarea>
<input name="message"><button>Save</button>`
    return repoLayout(visit, isNew ? 'New page' : 'Edit page', form(visit, visit.path, fields))
  }
}

/** The first page makes the repository, even one that cannot be written then. */
function save(isNew: boolean) {
  return async (visit: RepoVisit): Promise<Reply> => {
    const dir = dirOf(visit)
    const name = nameOf(visit.fields.get('title') ?? '')
    if (name === '') return { status: 400 }
    if (!existsSync(dir)) await initRepository(dir, 'master')
    if (Buffer.byteLength(name) + 3 > MOST) return { status: 500 }
    if (isNew && (await contentOf(visit, name))) return { status: 422 }
    const old = `${nameOf(visit.fields.get('old_title') ?? '')}.md`
    await commitFile(dir, visit.user, {
      from: 'master',
      to: 'master',
      path: `${name}.md`,
      content: Buffer.from(visit.fields.get('content') ?? ''),
      message: visit.fields.get('message') || `Update page '${name}'`,
      without: isNew || old === `${name}.md` ? undefined : old,
    })
    return redirect(addressOf(visit, name))
  }
}

export const WIKI: readonly RouteLine[] = [
  ['GET', '/:/:/wiki/_new', 'signed-in', repoPage('write', editor(true))],
  ['POST', '/:/:/wiki/_new', 'signed-in', repoPage('write', save(true))],
  ['GET', '/:/:/wiki/:/_edit', 'signed-in', repoPage('write', editor(false))],
  ['POST', '/:/:/wiki/:/_edit', 'signed-in', repoPage('write', save(false))],
  ['GET', '/:/:/wiki', 'reader', repoPage('read', show)],
  ['GET', '/:/:/wiki/:', 'reader', repoPage('read', show)],
]
