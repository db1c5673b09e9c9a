import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { randomBytes, sha256Hex } from '../../src/core/crypto.ts'
import type { Repo, State, User } from './model.ts'

/** Everything the stand-in knows, in one file that is replaced as a whole after each change. */
export interface Store {
  readonly state: State
  readonly home: string
  save(): void
  user(name: string): User | undefined
  userById(id: number): User | undefined
  userOfToken(token: string): User | undefined
  repo(owner: string, name: string): Repo | undefined
  repoPath(repo: Repo, part: 'code' | 'wiki'): string
  addUser(name: string, email: string, owners: number[] | null): User
  /** The new token, which is not kept. */
  addToken(user: User, name: string): string
  deleteUser(user: User): void
  ensureAdmin(name: string): void
}

const FRESH = (): State => ({
  lastId: { user: 0, repo: 0, token: 0, comment: 0, milestone: 0, release: 0 },
  csrfKey: randomBytes(32).toString('hex'),
  users: [],
  repos: [],
  tokens: [],
})

export function openState(home: string): Store {
  const file = join(home, 'state.json')
  const state = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as State) : FRESH()
  state.lastId.release ??= 0 // a home from before there were releases
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()
  const store: Store = {
    state,
    home,
    save() {
      const out = openSync(`${file}.new`, 'w', 0o600)
      writeSync(out, JSON.stringify(state))
      fsyncSync(out)
      closeSync(out)
      renameSync(`${file}.new`, file)
    },
    user: (name) => state.users.find((user) => same(user.name, name)),
    userById: (id) => state.users.find((user) => user.id === id),
    userOfToken(token) {
      const digest = sha256Hex(token)
      const found = state.tokens.find((one) => one.digest === digest)
      return found && store.userById(found.userId)
    },
    repo(owner, name) {
      const found = store.user(owner)
      return found && state.repos.find((repo) => repo.ownerId === found.id && same(repo.name, name))
    },
    repoPath: (repo, part) => join(home, 'repositories', `${repo.id}${part === 'wiki' ? '.wiki' : ''}.git`),
    addUser(name, email, owners) {
      const user: User = { id: ++state.lastId.user, name, email, admin: false, owners }
      state.users.push(user)
      store.save()
      return user
    },
    addToken(user, name) {
      const token = randomBytes(20).toString('hex')
      state.tokens.push({ id: ++state.lastId.token, userId: user.id, name, digest: sha256Hex(token) })
      store.save()
      return token
    },
    deleteUser(user) {
      state.users = state.users.filter((one) => one !== user)
      state.tokens = state.tokens.filter((token) => token.userId !== user.id)
      for (const repo of state.repos) delete repo.collaborators[user.id]
      store.save()
    },
    ensureAdmin(name) {
      const user = store.user(name) ?? store.addUser(name, `${name}@localhost.localdomain`, null)
      user.admin = true
      store.save()
    },
  }
  // Left by a stop in the middle of a write.
  rmSync(`${file}.new`, { force: true })
  store.save()
  return store
}
