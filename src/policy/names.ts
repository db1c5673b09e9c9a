import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { ResolveRepo } from '../core/policy/engine.ts'
import { lineOf, PolicyError, type Source, type SourcedPolicy } from './sources.ts'

/** Name of a person to the forge's user id. */
export type ResolveAccount = (name: string) => number | undefined

/** `Repo owner/name` or `Account name`, folded, to a numeric id: what names meant when they were first resolved. */
type Lock = { [name: string]: string }

interface Literal {
  type: string
  id: string
}

/**
 * Replace names in entity literals by the forge's ids. Works on parsed policies, never on text. A name that the lock file
 * knows keeps its id even when the forge now gives another: that is reported, since somebody renamed something.
 */
export async function resolveNames(
  policies: readonly SourcedPolicy[],
  sources: readonly Source[],
  dir: string,
  resolve: { repo: ResolveRepo; account: ResolveAccount },
  drifted: (name: string, locked: string, now: string | undefined) => void,
): Promise<void> {
  const lock = readLock(dir)
  let grown = false
  for (const policy of policies) {
    for (const literal of literals(policy.json)) {
      if (/^\d+$/.test(literal.id)) continue
      const name = `${literal.type} ${literal.id.toLowerCase()}`
      const now = await idOf(literal, resolve)
      const locked = lock[name]
      if (locked === undefined && now === undefined) {
        const text = sources.find(({ file }) => file === policy.file)?.text ?? ''
        throw new PolicyError(
          `${policy.file}:${lineOf(text, Math.max(0, text.indexOf(`"${literal.id}"`)))}: the forge has no ${literal.type} "${literal.id}"`,
        )
      }
      if (locked !== undefined && locked !== now) drifted(name, locked, now)
      if (locked === undefined) {
        lock[name] = now!
        grown = true
      }
      literal.id = lock[name]!
    }
  }
  if (grown) writeLock(dir, lock)
}

async function idOf(
  { type, id }: Literal,
  resolve: { repo: ResolveRepo; account: ResolveAccount },
): Promise<string | undefined> {
  const folded = id.toLowerCase()
  if (type === 'Account') return resolve.account(folded)?.toString()
  const [owner, name, ...more] = folded.split('/')
  if (!owner || !name || more.length > 0) return undefined
  return (await resolve.repo(owner, name))?.id.toString()
}

/** Entity literals of kinds that have names, wherever they stand in a policy. */
function* literals(node: unknown): Generator<Literal> {
  if (node === null || typeof node !== 'object') return
  const { type, id } = node as Partial<Literal>
  if ((type === 'Repo' || type === 'Account') && typeof id === 'string') yield node as Literal
  else for (const child of Object.values(node)) yield* literals(child)
}

const LOCK = 'policy.lock.json'

function readLock(dir: string): Lock {
  try {
    return JSON.parse(readFileSync(join(dir, LOCK), 'utf8')) as Lock
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new PolicyError(`${LOCK}:1: cannot be read`)
  }
}

function writeLock(dir: string, lock: Lock): void {
  const sorted = Object.fromEntries(Object.entries(lock).sort(([a], [b]) => (a < b ? -1 : 1)))
  const file = openSync(join(dir, `${LOCK}.new`), 'w', 0o644)
  writeSync(file, `${JSON.stringify(sorted, null, 2)}\n`)
  fsyncSync(file)
  closeSync(file)
  renameSync(join(dir, `${LOCK}.new`), join(dir, LOCK))
}
