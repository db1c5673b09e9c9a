/** A file of a commit: git's mode, and the id of its blob. */
export interface FileEntry {
  readonly mode: string
  readonly id: string
}

/** A file that a commit keeps, by the id that git gives its content. */
export interface PlannedFile extends FileEntry {
  readonly path: string
  /** The bytes, or the path of a file of ours that holds them. */
  readonly content: Uint8Array | { readonly file: string }
}

/** Whom a commit names as author and committer. */
export interface Person {
  readonly name: string
  readonly email: string
}

/** A commit that is to be made: everything its id depends on. */
export interface CommitPlan {
  /** The one commit that it follows on; null for the first of all. */
  readonly parent: string | null
  /** Files of the parent that it no longer has. */
  readonly removes: readonly string[]
  readonly puts: readonly PlannedFile[]
  readonly person: Person
  /** Unix ms, whole seconds. */
  readonly time: number
  /** Clean, see {@link cleanMessage}. */
  readonly message: string
}

/** What differs between a commit and its first parent, at one path. */
export interface Difference {
  readonly path: string
  readonly before: FileEntry | null
  readonly after: FileEntry | null
}

/** What a commit is made of, and what it does. */
export interface CommitLook {
  readonly parents: readonly string[]
  readonly changes: readonly Difference[]
}

/** The commit object (git's commit.c): one spelling for a plan, so that a plan has one id. */
export function writeCommit(tree: string, { parent, person, time, message }: CommitPlan): string {
  const who = `${writePerson(person)} ${Math.floor(time / 1000)} +0000`
  const parents = parent === null ? '' : `parent ${parent}\n`
  return `tree ${tree}\n${parents}author ${who}\ncommitter ${who}\n\n${message}\n`
}

/** Why a commit that was made is not the plan, with which it shares its text: git left something out, or put it elsewhere. */
export function planFault(plan: CommitPlan, { parents, changes }: CommitLook): string | undefined {
  if (parents.length > 1 || (parents[0] ?? null) !== plan.parent)
    return 'it does not follow on the commit that was planned'
  const wanted = new Map<string, FileEntry | null>(plan.removes.map((path) => [path, null]))
  for (const { path, mode, id } of plan.puts) wanted.set(path, { mode, id })
  if (wanted.size !== plan.removes.length + plan.puts.length) return 'a path is planned twice'
  for (const { path, before, after } of changes) {
    const file = wanted.get(path)
    if (file === undefined) return 'another file differs'
    if ((file === null ? before : file.id) === null || after?.id !== file?.id || after?.mode !== file?.mode)
      return 'a file differs otherwise than was planned'
    wanted.delete(path)
  }
  return wanted.size === 0 ? undefined : 'a file does not differ'
}

/** `Name <mail address>`, as commits and statements have it. */
export function writePerson({ name, email }: Person): string {
  return `${name} <${email}>`
}

/** Reads what {@link writePerson} wrote of somebody that {@link cleanPerson} gave; undefined for anything else. */
export function parsePerson(text: string): Person | undefined {
  const [, name, email] = /^([^<>\n\0]+) <([^<>\n\0]*)>$/.exec(text) ?? []
  return name === undefined || email === undefined ? undefined : { name, email }
}

/** Somebody as git would name them (git's ident.c): without what would end a name, and without crumbs at its ends. */
export function cleanPerson({ name, email }: Person): Person | undefined {
  const clean = strip(name)
  return clean === '' ? undefined : { name: clean, email: strip(email) }
}

function strip(text: string): string {
  return text
    .replace(/^[\0-\x20,:;<>"\\']+|[\0-\x20,:;<>"\\']+$/g, '')
    .replace(/[<>\n\0]/g, '')
    .toWellFormed()
}

/**
 * A message as git keeps one that comes from a command line (git-commit, `--cleanup=whitespace`): no blanks at the end of a
 * line, no empty lines at both ends and no two together.
 */
export function cleanMessage(text: string): string {
  const lines = text
    .toWellFormed()
    .split('\n')
    .map((line) => line.replace(/[ \t\r\v\f]+$/, ''))
  return lines
    .filter((line, at) => line !== '' || (at > 0 && lines[at - 1] !== ''))
    .join('\n')
    .replace(/^\n+|\n+$/g, '')
}
