import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Portal } from '../../../src/portal/portal.ts'
import { type FakePortal, fakePortal } from './fake-portal.ts'

export interface Served extends AsyncDisposable {
  readonly fake: FakePortal
  readonly origin: string
}

/** Any portal on a free loopback port, under `localhost` as browsers need it for passkeys; `make` is told its origin. */
export async function servePortal(
  make: (origin: string) => Promise<Portal>,
): Promise<{ origin: string } & AsyncDisposable> {
  let portal: Portal | undefined
  const listener = getRequestListener((request) => portal!.fetch(request, { address: '127.0.0.1' }), {
    overrideGlobalObjects: false,
  })
  const server = createServer((req, res) => void listener(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const origin = `http://localhost:${address.port}`
  portal = await make(origin)
  return {
    origin,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The portal on fakes. */
export async function serve(): Promise<Served> {
  let fake: FakePortal | undefined
  const served = await servePortal(async (origin) => {
    fake = fakePortal({ origin })
    return fake.portal
  })
  return { ...served, fake: fake! }
}
