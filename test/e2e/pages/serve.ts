import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { type FakePortal, fakePortal } from './fake-portal.ts'

export interface Served extends AsyncDisposable {
  readonly fake: FakePortal
  readonly origin: string
}

/** The fake portal on a free loopback port, under `localhost` as browsers need it for passkeys. */
export async function serve(): Promise<Served> {
  let fake: FakePortal | undefined
  const listener = getRequestListener((request) => fake!.portal.fetch(request, { address: '127.0.0.1' }), {
    overrideGlobalObjects: false,
  })
  const server = createServer((req, res) => void listener(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const origin = `http://localhost:${address.port}`
  fake = fakePortal({ origin })
  return {
    fake,
    origin,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
