import { refusal } from '../../core/refusal.ts'

const PUSH = 'Make the change with git, and push it.'
const PORTAL = 'Use the portal for this.'
const later = (say: string, fix: string) =>
  refusal('not-allowed-yet', `${say} is not allowed through this gateway yet.`, fix)
const never = (say: string, fix: string) => refusal('not-allowed-yet', say, fix)

/** Why a known address of Gogs does not pass, by the keys that the route table uses. */
export const REFUSED = {
  editor: later('Changing files in the browser', PUSH),
  merge: later('Merging a pull request in the browser', 'Merge the branches with git, and push the result.'),
  branch: later('Deleting a branch in the browser', 'Delete it with git push --delete.'),
  release: later('Publishing a release', 'Push a tag.'),
  wiki: later('Editing the wiki in the browser', 'Clone the .wiki.git repository, and push the change.'),
  repoSettings: later("Changing a repository's settings", 'Ask an administrator of the forge.'),
  repoAccess: later('Changing who may use a repository', 'Ask an administrator of the forge.'),
  hooks: later(
    'Webhooks: seeing their addresses and secrets, or changing them,',
    'Ask an administrator of the forge.',
  ),
  gitHooks: never(
    'Git hooks run as programs on the server, so nobody edits them through this gateway.',
    'Ask whoever runs the server.',
  ),
  mirror: never(
    'Mirrors that fetch from another address are switched off.',
    'Import once, or let a machine push what it fetched.',
  ),
  importLocal: never(
    'Importing from a folder of the server is switched off.',
    'Push the repository from where it is.',
  ),
  deployKeys: later('Adding or removing a deploy key', 'Use an account of its own for the machine.'),
  migrate: later(
    'Importing a repository from another address',
    'Clone it, create a repository, and push to it.',
  ),
  org: later('Changing an organisation', 'Ask an administrator of the forge.'),
  profile: later('Changing a profile, an avatar or an e-mail address', 'Ask an administrator.'),
  account: never('Accounts are kept in the portal.', PORTAL),
  password: never('Nobody has a password here: a security key signs you in.', PORTAL),
  token: never(
    'Tokens of the forge are not handed out; git uses a short-lived password.',
    'Get a git password in the portal.',
  ),
  sshKey: never('Keys are kept in the portal, where each one is proved.', 'Add the key in the portal.'),
  admin: later('Administering the forge in the browser', 'Use the administration pages of the portal.'),
  secret: never('This page shows secrets of the forge, so it is not served.', 'Ask whoever runs the server.'),
  milestone: later('Opening or closing a milestone', 'Say it in an issue.'),
  api: later('This part of the programming interface', 'Use git, or the pages.'),
  apiHookUpdate: later(
    'Changing a webhook by the programming interface, which does not say what it will be in the end,',
    'Delete it, and make it anew; or use its page.',
  ),
  apiFeatures: later(
    'Changing some features of a repository and leaving the others as they are',
    'Use the page of its settings.',
  ),
  apiPart: later(
    'Changing this by the programming interface, which blanks what it is not told,',
    'Use its page.',
  ),
  apiOthers: later("Making something in somebody else's name", 'Let them make it.'),
  apiTeam: later(
    'What the programming interface does to a team by its number alone',
    "Use the organisation's pages.",
  ),
  dumb: never('The old file-by-file way of fetching is not served.', 'Use git 1.6.6 or later.'),
  internal: never('This address is for the forge itself.', 'Use the pages of the forge.'),
} as const

export type RefusedKey = keyof typeof REFUSED

export const UNKNOWN = refusal(
  'unknown-action',
  'The gateway knows no such address, or not with this method.',
  'Use the address exactly as the pages show it.',
)
export const BAD_NAME = refusal(
  'unknown-action',
  'This is not a name of a user or repository.',
  'Use letters, digits, dash, dot and underscore.',
)
export const BAD_REF = refusal(
  'bad-request',
  'This is not a name of a branch, tag or commit.',
  'Use the name as git shows it.',
)
export const NO_QUERY = refusal(
  'bad-request',
  'A change must not carry anything after a question mark.',
  'Send the form as the page shows it.',
)
export const NEEDS_GIT_SUFFIX = refusal(
  'unknown-action',
  'git reaches a repository by an address that ends in .git.',
  'Add .git to the address of the remote.',
)
