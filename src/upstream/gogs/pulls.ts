import { Buffer } from 'node:buffer'
import type { RepoRef } from '../../core/action/action.ts'
import type { ForgePull } from '../forge.ts'
import { type Client, unexpected } from './client.ts'
import { isOwnerName, isRefLike, isRepoName } from './names.ts'

/** A page lists all commits of a pull request. */
const MAX_PAGE = 32 * 1024 * 1024

type Head = NonNullable<ForgePull['head']>

/**
 * A pull request. Gogs has no API for it: its page names state, branches and the owner of the head, and only the links of its
 * list of commits name the head's repository.
 */
export async function findPull(
  client: Client,
  { owner, name }: RepoRef,
  index: number,
  asUser: string,
): Promise<ForgePull | undefined> {
  if (!Number.isSafeInteger(index) || index < 1) return undefined
  const page = `/${owner}/${name}/pulls/${index}`
  const answer = await client.ask({ path: page, as: asUser, limit: MAX_PAGE })
  // An issue has a page of its own, to which Gogs leads on.
  if (answer.status === 404 || answer.status === 302) return undefined
  if (answer.status !== 200) throw unexpected('looking up a pull request', answer)
  const title = parsePullTitle(answer.body.toString('utf8'))
  if (!title) throw unexpected('looking up a pull request', answer)
  const base = after(title.base, owner)
  const [headOwner, branch] = split(title.head)
  if (title.state !== 'open' || base === null || branch === null) return pullOf(title.state, base, null)
  const list = await client.ask({ path: `${page}/commits`, as: asUser, limit: MAX_PAGE })
  if (list.status === 404) return pullOf(title.state, base, null)
  if (list.status !== 200) throw unexpected('looking up a pull request', list)
  const from = parseCommitLinks(list.body.toString('utf8'))
  if (from === 'unreadable') throw unexpected('looking up a pull request', list)
  if (from === 'none' || from.owner.toLowerCase() !== headOwner.toLowerCase())
    return pullOf(title.state, base, null)
  return pullOf(title.state, base, { ...from, branch })
}

function pullOf(state: ForgePull['state'], base: string | null, head: Head | null): ForgePull {
  return {
    state,
    base,
    head,
    misread: (baseRefs, headRefs) =>
      base === null || head === null ? undefined : misread(base, head.branch, baseRefs, headRefs),
  }
}

const STATES: { readonly [look: string]: ForgePull['state'] } = {
  'purple octicon-git-pull-request': 'merged',
  'red octicon-issue-closed': 'closed',
  'green octicon-issue-opened': 'open',
}

/**
 * State and the two branches out of the head of a page, whose words are in any language: one label, and in one sentence
 * `OWNER/BRANCH` twice, first where the commits come from. Names that were escaped are not read: they would have two readings.
 */
export function parsePullTitle(
  page: string,
): { readonly state: ForgePull['state']; readonly head: string; readonly base: string } | undefined {
  // Titles, names and branches are other people's; Gogs escapes them.
  const begin = page.indexOf('<div class="sixteen wide column title">')
  const end = page.indexOf('<div class="ui divider"></div>', begin)
  if (begin < 0 || end < 0) return undefined
  const head = page.slice(begin, end)
  const labels = [...head.matchAll(/<div class="ui (\w+) large label"><i class="octicon ([\w-]+)"><\/i>/g)]
  const said = [...head.matchAll(/<span class="pull-desc">([\s\S]*?)<\/span>/g)]
  if (labels.length !== 1 || said.length !== 1) return undefined
  const state = STATES[`${labels[0]![1]} ${labels[0]![2]}`]
  const codes = [...said[0]![1]!.matchAll(/<code>([^<>&]*)<\/code>/g)]
  if (!state || codes.length !== 2 || said[0]![1]!.split('<code>').length !== 3) return undefined
  return { state, head: codes[0]![1]!, base: codes[1]![1]! }
}

/** The repository that all commits of the list are linked in. */
export function parseCommitLinks(
  page: string,
): { readonly owner: string; readonly name: string } | 'none' | 'unreadable' {
  const links = [
    ...page.matchAll(
      /<a rel="nofollow" class="ui sha label" href="\/([^/"<>&]+)\/([^/"<>&]+)\/commit\/([0-9a-f]{40})">/g,
    ),
  ]
  const [first] = links
  if (!first) return page.includes('class="ui sha label" href') ? 'unreadable' : 'none'
  const [, owner, name] = first as unknown as [string, string, string]
  if (links.some((link) => link[1] !== owner || link[2] !== name)) return 'unreadable'
  return isOwnerName(owner) && isRepoName(name) ? { owner, name } : 'unreadable'
}

/** An owner's name has no slash, a branch may. What is gone has none. */
function split(target: string): readonly [string, string | null] {
  const at = target.indexOf('/')
  return at < 0 ? [target, null] : [target.slice(0, at), target.slice(at + 1)]
}

function after(target: string, owner: string): string | null {
  const [own, branch] = split(target)
  return own.toLowerCase() === owner.toLowerCase() ? branch : null
}

/** Where the forge puts the branches that it merges from, in the clone that it merges in. */
const REMOTE = 'head_repo/'

/**
 * gitrevisions(7): a tag goes before a branch, and a branch before a remote one. Gogs merges in a clone of the base repository, by
 * short names, and tags of both repositories may have come into it.
 */
export function misread(
  base: string,
  head: string,
  baseRefs: ReadonlyMap<string, string>,
  headRefs: ReadonlyMap<string, string>,
): string | undefined {
  for (const name of [base, head])
    if (!isRefLike(name) || name === 'HEAD' || name === '@' || /^(?:refs|heads|tags|remotes)\//.test(name))
      return `The name of the branch ${name} can mean something else to git.`
  if (base.startsWith(REMOTE) || base.startsWith('origin/'))
    return `The name of the branch ${base} can mean something else to git.`
  for (const tag of [base, `${REMOTE}${head}`]) {
    const ref = `refs/tags/${Buffer.from(tag, 'utf8').toString('latin1')}`
    if (baseRefs.has(ref) || headRefs.has(ref))
      return `There is a tag ${tag}, and in a merge git would take it for a branch.`
  }
  return undefined
}
