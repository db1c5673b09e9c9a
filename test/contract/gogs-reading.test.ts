// The gateway and the forge must read one request as one thing. Here the gateway's reading is held against a model of how
// the forge's router reads the same bytes, over addresses made to be read in two ways.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalUrl } from '../../src/core/canonical-url.ts'
import { gogsRoute } from '../../src/upstream/gogs/route.ts'
import { macaronRouter, type Router, repoNamed } from '../support/macaron-model.ts'
import { ROWS } from './route-rows.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
// Git's own addresses go by a door of their own, with a parser of its own.
const PLAIN = ROWS.filter(({ pattern, disposition }) => disposition !== 'git' && !pattern.includes('.git'))
const routers = new Map<string, Router>(
  METHODS.map((method) => [
    method,
    macaronRouter(
      PLAIN.filter((row) => row.method === method || row.method === 'ANY').map(({ pattern }) => pattern),
    ),
  ]),
)
const verbsOf = (method: string, pattern: string): ReadonlySet<string> =>
  new Set(
    PLAIN.filter((row) => row.pattern === pattern && (row.method === method || row.method === 'ANY')).map(
      ({ verb }) => verb,
    ),
  )

const words = [
  ...new Set(PLAIN.flatMap(({ pattern }) => pattern.split('/')).filter((word) => /^[a-z_]/.test(word))),
]
const tricky = fc.constantFrom(
  'acme',
  'ACME',
  'Acme',
  'app',
  'app.git',
  'App.GIT',
  'app.git.git',
  'app.wiki',
  '.git',
  '..',
  '.',
  '%2e%2e',
  'a%2Fb',
  'a%2fb',
  'a%252Fb',
  '%61cme',
  'ac%6De',
  'app%2Egit',
  'a b',
  'a%20b',
  'a+b',
  '-x',
  '%2Dx',
  'é',
  '%C3%A9',
  '%c3%a9',
  '%FF',
  'a;b',
  'a%3Bb',
  'a?b',
  'a%3Fb',
  'a%00',
  'a%0A',
  'a\\b',
  'a%5Cb',
  '',
  '7',
  '07',
  'x.keys',
  'settings',
  'Settings',
  'SETTINGS',
  'new',
  '_new',
  'pulls',
  'main...topic',
)
const word = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...words) }, { weight: 2, arbitrary: tricky })
interface Request {
  readonly method: string
  readonly path: string
}

/** A pattern of the table with its open words filled, and now and then something put in its way. */
const fromPattern = fc
  .tuple(
    fc.constantFrom(...PLAIN),
    fc.array(
      fc.oneof({ weight: 4, arbitrary: fc.constantFrom('acme', 'app', '7', 'main', 'Ab.c') }, tricky),
      {
        minLength: 8,
        maxLength: 8,
      },
    ),
    fc.option(fc.tuple(fc.nat(7), word, fc.constantFrom('put', 'swap', 'case', 'drop')), { freq: 2 }),
    fc.constantFrom('', '', '', '/', '//'),
  )
  .map(([{ method, pattern }, fill, trick, end]): Request => {
    const segments = pattern
      .split('/')
      .slice(1)
      .map((one, at) => (one.startsWith(':') || one === '*' ? fill[at % 8]! : one))
    if (trick) {
      const [at, text, how] = trick
      const here = at % segments.length
      if (how === 'put') segments.splice(here, 0, text)
      else if (how === 'swap') segments[here] = text
      else if (how === 'drop') segments.splice(here, 1)
      else segments[here] = segments[here]!.toUpperCase()
    }
    return { method: method === 'ANY' ? 'POST' : method, path: `/${segments.join('/')}${end}` }
  })
const anywhere = fc
  .tuple(fc.constantFrom(...METHODS), fc.array(word, { maxLength: 7 }))
  .map(([method, all]): Request => ({ method, path: `/${all.join('/')}` }))
const requests = fc.oneof({ weight: 4, arbitrary: fromPattern }, { weight: 1, arbitrary: anywhere })

/** What decides: never more runs than are needed to meet each kind of trick many times. */
const RUNS = { numRuns: 6000 }

test('the one spelling that is sent on means to the forge what was sent', () => {
  fc.assert(
    fc.property(requests, ({ method, path }) => {
      const read = canonicalUrl(path)
      if (!read.ok) return
      const router = routers.get(method)!
      assert.deepEqual(router(read.value.path), router(path.split('?')[0]!), path)
    }),
    RUNS,
  )
})

test('what the gateway calls a change, or lets pass as one, is that to the forge: the same address, the same repository', () => {
  let changes = 0
  fc.assert(
    fc.property(requests, ({ method, path }) => {
      const read = canonicalUrl(path)
      if (!read.ok) return
      const route = gogsRoute(method, read.value.path, '')
      if (route.kind !== 'change' && route.kind !== 'page') return
      if (route.kind === 'page' && method === 'GET') return
      changes++
      const forge = routers.get(method)!(read.value.path)
      assert.ok(forge, `the forge has no ${method} ${path}`)
      const verbs = verbsOf(method, forge.pattern)
      const ours = route.kind === 'page' ? [route.verb] : route.verbs
      assert.ok(
        ours.some((verb) => verbs.has(verb)),
        `${method} ${path}: ${ours.join(' ')} here, ${[...verbs].join(' ')} there`,
      )
      const { params } = forge
      const owner = params[':username'] ?? params[':owner']
      const name = params[':reponame'] ?? params[':repo']
      if (route.repo) {
        assert.equal(route.repo.owner, owner?.toLowerCase(), path)
        assert.equal(route.repo.name, name === undefined ? undefined : repoNamed(name), path)
      } else assert.equal(name, undefined, path)
      if (route.kind === 'change' && route.org !== null)
        assert.equal(route.org, (params[':org'] ?? params[':orgname'])?.toLowerCase(), path)
    }),
    RUNS,
  )
  assert.ok(changes > 500, `only ${changes} addresses were a change at all`)
})

test('what the forge would change, and the gateway reads as a page, does not exist', () => {
  fc.assert(
    fc.property(requests, ({ path }) => {
      const read = canonicalUrl(path)
      if (!read.ok) return
      const forge = routers.get('GET')!(read.value.path)
      if (!forge) return
      const row = PLAIN.find(({ method, pattern }) => method === 'GET' && pattern === forge.pattern)
      if (!row || row.disposition === 'pass' || row.disposition === 'secret') return
      const route = gogsRoute('GET', read.value.path, '')
      assert.notEqual(route.kind, 'page', `${path}: ${row.verb}`)
    }),
    RUNS,
  )
})
