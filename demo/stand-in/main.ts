// The stand-in: a small forge that speaks Gogs' contract, for tests and for a first look when there is no Gogs. It
// trusts a header for identity, so it listens on 127.0.0.1 only and is never for production.
import { mkdirSync } from 'node:fs'
import { readOptions } from './options.ts'
import { createStandIn } from './server.ts'
import { openState } from './state.ts'

const options = readOptions(process.argv.slice(2), process.env)
if (typeof options === 'string') {
  process.stderr.write(`${options}\n`)
  process.exit(2)
}
process.umask(0o077)
mkdirSync(options.home, { recursive: true })
const store = openState(options.home)
if (options.admin !== undefined) store.ensureAdmin(options.admin)
const server = createStandIn(store, options)
server.listen(options.port, '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : options.port
  process.stderr.write(`stand-in ready on http://127.0.0.1:${port}\n`)
})
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.once(name, () => {
    server.close(() => process.exit(0))
    server.closeIdleConnections()
    setTimeout(() => process.exit(0), 2000).unref()
  })
}
