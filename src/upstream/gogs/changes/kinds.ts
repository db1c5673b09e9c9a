import type { Said, Where } from '../../../core/action/change.ts'
import { exactly, type FieldSpec, field, ID, line, lines } from '../../../core/action/field.ts'
import { type Refusal, refusal } from '../../../core/refusal.ts'
import { isOwnerName, isRefLike, isRepoName } from '../names.ts'

/** The name of a person or organisation. */
export const PERSON = exactly('the name of a person or organisation', isOwnerName)
/** The name of a repository. */
export const REPO_NAME = exactly('the name of a repository', isRepoName)
/** The name of a team. */
export const TEAM = exactly('the name of a team', (text) => /^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,29}$/.test(text))
/** A branch or tag, without `refs/heads/` or `refs/tags/`. */
export const REF = exactly('the name of a branch or tag', (text) => text.length <= 250 && isRefLike(text))
/** A file or folder of a repository, by git's own rules: no empty, dot or `.git` part, no control character. */
export const PATH = exactly('the path of a file', isPath)
/** A branch and a path in it as one, in the way of the editor's addresses; where the branch ends only the forge knows. */
export const BRANCH_AND_PATH = exactly(
  'a branch and the path of a file',
  (text) => isPath(text) && text.charCodeAt(0) !== 45,
)
/** The id of a commit. */
export const COMMIT = exactly('the id of a commit', (text) => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text))
/** A file that was uploaded before. */
export const UPLOAD = exactly('an uploaded file', (text) =>
  /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text),
)
export const EMAIL = exactly(
  'a mail address',
  (text) => text.length <= 254 && /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(text),
)
/** An address that the forge calls or shows. A password in it would stand in the ledger. */
export const URL_TEXT = exactly('a web address without a password in it', (text) => {
  const url = webUrl(text)
  return url !== undefined && url.username === '' && url.password === ''
})
/** An address that is a secret as a whole. */
export const SECRET_URL = exactly('a web address', (text) => webUrl(text) !== undefined)

export const description = (max: number): FieldSpec => field('description', lines(max))
/** A password or the like; nobody is shown it again. */
export const secret = (key: string, name: string, required = false): FieldSpec =>
  field(key, line(255), { name, required, digest: true })
/** The number by which pages name somebody or something. */
export const id = (key: string, name: string): FieldSpec => field(key, ID, { name, required: true })
/** A long text, stated by its digest. */
export const content = (key: string, name: string, required: boolean): FieldSpec =>
  field(key, lines(1024 * 1024), { name, required, digest: true })

/** `owner/name`, or the organisation. */
export function at(where: Where): string {
  return where.repo ? `${where.repo.owner}/${where.repo.name}` : (where.org ?? 'the forge')
}

/** The host of an address; the address itself may be a secret. */
export function hostOf(url: string): string {
  return webUrl(url)?.host ?? 'an unknown host'
}

/** Whether a repository may be imported from there: never from a path on the server. */
export function isImportUrl(text: string): boolean {
  const url = anyUrl(text)
  return (
    url !== undefined &&
    /^(?:https?|git):$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === ''
  )
}

/** Gogs asks for the repository's name once more before what cannot be undone. */
export const CONFIRMED: FieldSpec = field('typed-name', REPO_NAME, { name: 'repo_name', required: true })

/** Refuses when another name was typed than that of the repository. */
export function isConfirmed(said: Said, where: Where): Refusal | undefined {
  if (said('typed-name').toLowerCase() === where.repo?.name) return undefined
  return refusal(
    'bad-request',
    'The name that was typed is not that of the repository.',
    'Type the name of the repository.',
  )
}

function webUrl(text: string): URL | undefined {
  const url = anyUrl(text)
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url : undefined
}

// What we show as the host must be what the forge calls: nothing that two readers of addresses part in two ways.
function anyUrl(text: string): URL | undefined {
  if (text.length > 2048 || !/^[a-z]+:\/\/[!-~]+$/.test(text) || text.includes('\\')) return undefined
  return URL.canParse(text) ? new URL(text) : undefined
}

function isPath(text: string): boolean {
  return (
    text.length <= 500 &&
    !/[\p{Cc}\\]/u.test(text) &&
    text.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !/^\.git$/i.test(part))
  )
}
