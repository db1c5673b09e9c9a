import { type Refusal, refusal } from '../core/refusal.ts'

// Words of the spool. `say` names what was refused, `fix` the way out; for size there is one that needs no disk here: a
// push that git signs itself is streamed to the forge.

const STREAM =
  'Sign the push with a security key (git config push.gpgSign if-asked), so that it need not wait here.'

export const tooManyPushes = (): Refusal =>
  refusal(
    'rate-limited',
    'Too many pushes wait for a touch at once.',
    'Approve or refuse those that wait, then push again.',
  )

export const tooLarge = (bytes: number): Refusal =>
  refusal('too-large', `The push is larger than the ${size(bytes)} that one held push may take.`, STREAM)

export const accountFull = (): Refusal =>
  refusal('too-large', 'Your pushes that wait take all the space that one account may have.', STREAM)

export const spoolFull = (): Refusal =>
  refusal('too-large', 'There is no room left for pushes that wait.', STREAM)

export const diskFailed = (): Refusal =>
  refusal(
    'internal',
    'The push could not be kept on disk.',
    'Push again; if it stays so, tell your administrator.',
  )

export const closed = (): Refusal => refusal('closing', 'The gateway is stopping.', 'Push again in a minute.')

export const stalled = (): Refusal =>
  refusal(
    'bad-request',
    'The push came in too slowly and was given up.',
    'Push again over a better connection.',
  )

export const gone = (): Refusal => refusal('bad-request', 'The push was broken off.')

export const noPack = (): Refusal =>
  refusal('bad-request', 'What came behind the commands is no pack.', 'Push again with stock git.')

export const cutShort = (): Refusal => refusal('bad-request', 'The pack ends too early.', 'Push again.')

export const trailing = (): Refusal =>
  refusal('bad-request', 'There are bytes behind the end of the pack.', 'Push again with stock git.')

export const corrupt = (): Refusal =>
  refusal(
    'bad-request',
    'git cannot read the pack: it is damaged, or needs more than it may take.',
    'Run "git fsck", then push again.',
  )

export const unknownBases = (): Refusal =>
  refusal(
    'bad-request',
    'The pack is made against objects that the repository does not have.',
    'Run "git fetch", then push again; if it stays so, use "git push --no-thin".',
  )

export const basesOutOfReach = (): Refusal =>
  refusal(
    'upstream',
    'The pack leaves out what the repository has, and the repository could not be read in time.',
    'Push again in a minute, or now with "git push --no-thin".',
  )

export const notHolding = (): Refusal =>
  refusal('bad-request', 'The pack does not hold what the push names.', 'Run "git fsck", then push again.')

export const tookTooLong = (): Refusal => refusal('too-large', 'git took too long to read the pack.', STREAM)

/** Bytes in the largest unit that leaves a whole number. */
function size(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB'] as const
  let at = 0
  let left = bytes
  while (at < units.length - 1 && left >= 1024 && left % 1024 === 0) {
    left /= 1024
    at++
  }
  return `${left} ${units[at]}`
}

export const notLookedInto = (): Refusal =>
  refusal(
    'upstream',
    'The repository could not be looked into.',
    'Try again; if it stays so, make the change with git, and push it.',
  )

export const notMade = (): Refusal =>
  refusal(
    'bad-request',
    'git would not make this change: a path is one that no repository may hold, or the file is there already.',
    'Look at the path, or make the change with git, and push it.',
  )
const WITH_GIT = 'Merge with git, and push the result.'

export const nothingToMerge = (): Refusal =>
  refusal('bad-request', 'All of it is in the base branch already.', 'Close the pull request.')

export const unrelated = (): Refusal =>
  refusal('bad-request', 'The two branches have no commit in common.', WITH_GIT)

/** `paths`: other people's. */
export const conflicts = (paths: readonly string[]): Refusal =>
  refusal(
    'bad-request',
    `The two branches conflict${paths.length === 0 ? '' : ` in ${paths.slice(0, 5).join(', ')}${paths.length > 5 ? ' and elsewhere' : ''}`}.`,
    'Merge the base branch into the other one with git, resolve the conflicts, push it, and merge then.',
  )

export const mergeDriver = (path: string): Refusal =>
  refusal(
    'not-allowed-yet',
    `${path} says how files are to be merged, and what the forge makes of that cannot be told beforehand.`,
    WITH_GIT,
  )

export const mergeTooLarge = (): Refusal =>
  refusal('too-large', 'The merge is too large to be computed here.', WITH_GIT)
