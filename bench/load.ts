// The load generator: a fixed number of requests over a fixed number of connections, each answer read to its end.
import { Pool } from 'undici'

export interface Load {
  readonly origin: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly requests: number
  readonly connections: number
  /** Every answer must be a 200 with this many bytes. */
  readonly bytes: number
}

export type LoadReply = { readonly error: string | null }

const pools = new Map<string, Pool>()

async function run({ origin, path, headers, requests, connections, bytes }: Load): Promise<void> {
  let pool = pools.get(origin)
  if (!pool) {
    pool = new Pool(origin, { connections, pipelining: 1 })
    pools.set(origin, pool)
  }
  const from = pool
  let left = requests
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const { statusCode, body } = await from.request({ method: 'GET', path, headers })
      const { byteLength } = await body.arrayBuffer()
      if (statusCode !== 200 || byteLength !== bytes)
        throw new Error(`${origin}${path} answered ${statusCode} with ${byteLength} bytes`)
    }
  }
  await Promise.all(Array.from({ length: connections }, worker))
}

process.on('message', (load: Load) => {
  run(load).then(
    () => process.send!({ error: null } satisfies LoadReply),
    (error: Error) => process.send!({ error: error.message } satisfies LoadReply),
  )
})
process.send!({ error: null } satisfies LoadReply)
