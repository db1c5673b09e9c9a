import { err, ok, type Result } from '../result.ts'
import { sshRepository } from './ssh-address.ts'

// What git's clients ask a shell for (git-shell(1)):
//   git-upload-pack 'path'   |   git upload-pack 'path'
// with the path in single quotes, inside of which ' is '\'' and ! is '\!' (git's quote.c).

export const SSH_SERVICES = ['git-upload-pack', 'git-receive-pack', 'git-upload-archive'] as const
export type SshService = (typeof SSH_SERVICES)[number]

export interface SshCommand {
  readonly service: SshService
  /** `owner/name`, in lower case, without `.git`; a wiki's name ends in `.wiki`. */
  readonly repository: string
}

/** One of git's commands, in exactly the form in which git sends it; anything else is none. */
export function parseSshCommand(text: string): Result<SshCommand, 'not-git' | 'bad-path'> {
  // `text` is attacker-controlled.
  const match = /^(git[- ](?:upload-pack|receive-pack|upload-archive)) (.+)$/s.exec(text)
  if (!match || text.length > 1024) return err('not-git')
  const service = match[1]!.replace(' ', '-') as SshService
  const path = unquoted(match[2]!)
  const repository = path === undefined ? undefined : sshRepository(path)
  return repository === undefined ? err('bad-path') : ok({ service, repository })
}

/** A word without a shell's quotes: one in quotes, or one that needs none. */
function unquoted(word: string): string | undefined {
  if (/^[A-Za-z0-9_./-]+$/.test(word)) return word
  // No path of ours has a quote in it, so only the plain form is read.
  return /^'([^'\\]*)'$/.exec(word)?.[1]
}
