import type { ChildProcess } from 'node:child_process'
import { connect } from 'node:net'

/** Something that stands in front of the same forge, in one process whose time is counted. */
export interface Rival {
  readonly name: string
  readonly pid: number
  readonly origin: string
  /** Fields that its requests need beside the common ones. */
  readonly headers: Record<string, string>
  stop(): Promise<void>
}

/** Resolves when `port` takes connections; rejects when the program ended instead. */
export async function listening(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`${child.spawnfile} ended with ${child.exitCode ?? child.signalCode}`)
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
