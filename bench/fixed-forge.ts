// A forge whose one page costs it nothing: the stand-in for everything that the adapter asks, and for the measured page
// always the same bytes, with the fields that Gogs sends beside them.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createStandIn } from '../demo/stand-in/server.ts'
import { openState } from '../demo/stand-in/state.ts'

export interface FixedForge {
  readonly url: string
}

const [home, header, admin, path, bytes] = process.argv.slice(2) as [string, string, string, string, string]
const PAGE = Buffer.alloc(
  Number(bytes),
  '<div class="ui repository file list"><a href="/keeper/page">page</a></div>\n',
)
const FIELDS = [
  ['Content-Type', 'text/html; charset=UTF-8'],
  ['Set-Cookie', 'lang=en-US; Path=/; Max-Age=2147483647'],
  ['Set-Cookie', '_csrf=Vx0iMlRkT1q7bDl0cPqjT2s3b1g6MTc2NDAwMDAwMDAwMDAwMDAwMA; Path=/; HttpOnly'],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
].flat()

function page(res: ServerResponse): void {
  // Without a length, in chunks, as Gogs does.
  res.writeHead(200, FIELDS)
  res.write(PAGE)
  res.end()
}

const store = openState(home)
store.ensureAdmin(admin)
const standIn = createStandIn(store, {
  home,
  port: 0,
  header: header.toLowerCase(),
  admin,
  externalUrl: 'http://127.0.0.1',
  inject: undefined,
  sshUrl: null,
  open: false,
})
const server = createServer((req, res) => {
  if (req.url === path) page(res)
  else standIn.emit('request', req, res)
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () =>
  process.send!({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } satisfies FixedForge),
)
