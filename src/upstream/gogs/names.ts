// What may stand for a name in a path to Gogs. Narrower than what Gogs accepts, never wider: a name that is not one
// here is refused before Gogs hears of it.

const NAME = /^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99}$/

/** First segments that Gogs gives a meaning of its own, and names it never gives to a user or an organisation. */
export const RESERVED: ReadonlySet<string> = new Set(
  `- . .. admin api assets attachments avatar avatars captcha commits create css debug explore favicon.ico healthcheck help img
  install issues js less new org plugins pulls raw releases repo repo-avatars robots.txt stars template urlmap.json user`.split(
    /\s+/,
  ),
)

/** Whether `name` can be a user or an organisation of Gogs: its alphabet, no leading dash, not reserved. */
export function isOwnerName(name: string): boolean {
  return NAME.test(name) && !RESERVED.has(name.toLowerCase()) && !name.toLowerCase().endsWith('.keys')
}

/** Whether `name` can be a repository, without any suffix of git's. */
export function isRepoName(name: string): boolean {
  return NAME.test(name) && name !== '.' && name !== '..' && !/\.(?:git|wiki)$/i.test(name)
}

/**
 * Whether `text` may be handed to Gogs as a ref or an object id: a leading dash would read as an option of some
 * command, and the rest is git-check-ref-format(1).
 */
export function isRefLike(text: string): boolean {
  return (
    text !== '' &&
    text.charCodeAt(0) !== 45 &&
    !/\.\.|@\{|[\0-\x20\x7f~^:?*[\\]|\/\/|(?:^|\/)\.|\.lock(?:\/|$)|[./]$|^\//.test(text)
  )
}
