import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A program of this folder in a process of its own, spoken to by messages. */
export interface Child<Reply> {
  readonly pid: number
  /** What it said when it was ready. */
  readonly ready: Reply
  /** Send a message and wait for the next one back. */
  ask(message: object): Promise<Reply>
  stop(): Promise<void>
}

export async function startChild<Reply>(file: string, ...args: readonly string[]): Promise<Child<Reply>> {
  const child = fork(join(import.meta.dirname, file), [...args], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  process.once('exit', () => child.kill('SIGKILL'))
  const reply = async (): Promise<Reply> => {
    const gone = new AbortController()
    const ended = (): void => gone.abort(new Error(`${file} ended`))
    child.once('exit', ended)
    try {
      const [message] = await once(child, 'message', { signal: gone.signal })
      return message as Reply
    } finally {
      child.off('exit', ended)
    }
  }
  return {
    pid: child.pid!,
    ready: await reply(),
    ask(message) {
      const answer = reply()
      child.send(message)
      return answer
    },
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}
