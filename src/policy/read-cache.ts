import type { DecisionRequest } from '../core/policy/engine.ts'

const AT_MOST = 50_000

/**
 * Decisions on reads, kept as long as nothing they depend on can have changed: the caller clears it when policy, accounts
 * or devices change; a policy that looks at ages makes whole seconds part of the key.
 */
export class ReadCache {
  readonly #byAccount = new Map<string, Map<string, boolean>>()
  #size = 0

  clear(): void {
    this.#byAccount.clear()
    this.#size = 0
  }

  get(request: DecisionRequest, withAge: boolean): boolean | undefined {
    return this.#byAccount.get(request.account.id)?.get(key(request, withAge))
  }

  put(request: DecisionRequest, withAge: boolean, allowed: boolean): void {
    if (this.#size >= AT_MOST) this.clear()
    let own = this.#byAccount.get(request.account.id)
    if (!own) {
      own = new Map()
      this.#byAccount.set(request.account.id, own)
    }
    own.set(key(request, withAge), allowed)
    this.#size++
  }
}

function key({ account, action, device, proof }: DecisionRequest, withAge: boolean): string {
  const { resource } = action
  const what =
    resource.kind === 'repo'
      ? `${action.verb} ${resource.repo.id} ${resource.repo.owner} ${resource.part}`
      : action.verb
  const shown = `${account.state} ${device?.id ?? ''} ${device?.state ?? ''} ${proof.method} ${proof.uv ? 1 : 0}${proof.up ? 1 : 0} ${proof.bound}`
  return withAge ? `${what} ${shown} ${proof.ageSeconds}` : `${what} ${shown}`
}
