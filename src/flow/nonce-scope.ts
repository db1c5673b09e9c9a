import { known, type Passage } from './passage.ts'

/** A nonce is good for one repository, and for one part of it. */
export function nonceScope({ action }: Pick<Passage, 'action'>): string {
  const { resource } = known(action, 'action')
  if (resource.kind !== 'repo') throw new Error('a nonce belongs to a repository')
  return `${resource.repo.id}/${resource.part}`
}

/** For whom it is good: an account; over SSH on that very connection. */
export function nonceOwner(passage: Passage): string {
  const { id } = known(passage.principal, 'principal').account
  return passage.attempt.door === 'git-ssh' ? `${id} ${passage.attempt.login.id}` : id
}
