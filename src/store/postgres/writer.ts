import type { PostgresPool, PostgresPoolClient } from 'kysely'
import pg from 'pg'
import type { DatabaseUrl } from '../../core/database-url.ts'
import { connection } from './connection.ts'

/** How soon a lost connection is made anew, and how often an idle one is asked whether it lives, ms. */
const AGAIN = 500
const HEARTBEAT = 5000

/** The one connection of this process that changes anything, and on which it hears of changes by others. */
export interface Writer extends PostgresPool {
  /** Grows when another process committed, and when one may have: while there was no connection to hear by. */
  changes(): number
}

/**
 * Open the writer's connection. `prepare` runs on each new connection before anything else does. With `onLost` there is
 * only ever one: what it holds (a lock) is lost with it, nothing is written any more, and `onLost` hears why.
 */
export async function openWriter(
  url: DatabaseUrl,
  options: {
    channel: string
    /** What our own commits say on the channel. */
    self: string
    prepare: (client: pg.Client) => Promise<void>
    onLost: ((why: string) => void) | undefined
  },
): Promise<Writer> {
  const { channel, self, prepare, onLost } = options
  let changes = 1
  let ended = false
  let lost: string | undefined
  let live: Promise<pg.Client> | undefined

  async function connect(): Promise<pg.Client> {
    if (ended) throw new Error('the store is closed')
    if (lost !== undefined) throw new Error(`nothing is changed any more: ${lost}`)
    const client = new pg.Client(connection(url, { readOnly: false }))
    let gone: string | undefined
    client.on('error', (error) => {
      gone ??= error.message
    })
    client.on('notification', ({ payload }) => {
      if (payload !== self) changes++
    })
    await client.connect()
    client.once('end', () => ending(gone ?? 'the connection to the database ended'))
    try {
      await client.query(`listen ${channel}`)
      await prepare(client)
    } catch (error) {
      client.removeAllListeners('end')
      await client.end().catch(() => {})
      throw error
    }
    changes++ // what was said before we listened
    return client
  }

  function current(): Promise<pg.Client> {
    live ??= connect().catch((error: unknown) => {
      live = undefined
      throw error
    })
    return live
  }

  function ending(why: string): void {
    live = undefined
    if (ended) return
    if (onLost) {
      lost = why
      onLost(why)
    } else again()
  }

  /** Until it succeeds: who only reads wants to hear of changes, too. */
  function again(): void {
    setTimeout(() => {
      if (!ended) current().catch(again)
    }, AGAIN).unref()
  }

  await current()
  // Asked only between transactions: a query of pg's own queue would wait for those.
  let busy = false
  let beating = Promise.resolve()
  const heart = setInterval(() => {
    if (!busy && live) beating = live.then(beat).catch(() => {})
  }, HEARTBEAT).unref()

  return {
    options: {},
    changes: () => changes,
    async connect(): Promise<PostgresPoolClient> {
      busy = true
      try {
        await beating
        const client = await current()
        return {
          query: ((text: string, values: unknown[]) => patiently(client, { text, values })) as never,
          release(destroy) {
            busy = false
            if (destroy) drop(client)
          },
        }
      } catch (error) {
        busy = false
        throw error
      }
    },
    async end() {
      ended = true
      clearInterval(heart)
      await live?.then((client) => client.end()).catch(() => {})
    },
  }
}

/** Time that ran out on this side: the server may be gone, whatever the socket says. */
const NO_ANSWER = 'Query read timeout'

async function beat(client: pg.Client): Promise<void> {
  await patiently(client, { text: 'select 1', query_timeout: HEARTBEAT } as pg.QueryConfig)
}

async function patiently(client: pg.Client, query: pg.QueryConfig): Promise<pg.QueryResult> {
  try {
    return await client.query(query)
  } catch (error) {
    if ((error as Error).message === NO_ANSWER) drop(client)
    throw error
  }
}

function drop(client: pg.Client): void {
  const { connection: socket } = client as unknown as { connection: { stream: { destroy(): void } } }
  socket.stream.destroy()
}
