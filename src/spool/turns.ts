/** A bounded number of turns at once, handed out to accounts in rotation: who asks for much waits behind their own. */
export class Turns {
  readonly #most: number
  #busy = 0
  /** Those who wait, by account; a Map keeps the order in which accounts came, and who is served goes to its end. */
  readonly #waiting = new Map<string, (() => void)[]>()

  constructor(most: number) {
    this.#most = most
  }

  /** Resolves with a function that gives the turn back, or with undefined when `signal` aborts first. */
  async take(account: string, signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return undefined
    if (this.#busy >= this.#most) {
      const mine = await new Promise<boolean>((resolve) => {
        const go = (): void => {
          signal.removeEventListener('abort', leave)
          resolve(true)
        }
        const leave = (): void => {
          this.#remove(account, go)
          resolve(false)
        }
        signal.addEventListener('abort', leave, { once: true })
        const queue = this.#waiting.get(account)
        if (queue) queue.push(go)
        else this.#waiting.set(account, [go])
      })
      if (!mine) return undefined
    } else this.#busy++
    let given = false
    return () => {
      if (given) return
      given = true
      this.#next()
    }
  }

  /** Hand the turn on, or let it go. */
  #next(): void {
    for (const [account, queue] of this.#waiting) {
      const go = queue.shift()!
      this.#waiting.delete(account)
      if (queue.length > 0) this.#waiting.set(account, queue)
      go()
      return
    }
    this.#busy--
  }

  #remove(account: string, go: () => void): void {
    const queue = this.#waiting.get(account)
    if (!queue) return
    const left = queue.filter((other) => other !== go)
    if (left.length > 0) this.#waiting.set(account, left)
    else this.#waiting.delete(account)
  }
}
