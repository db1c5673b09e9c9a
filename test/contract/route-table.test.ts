import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { parseForm } from '../../src/core/action/form.ts'
import { groupOf, VERB_NAMES, type Verb } from '../../src/core/action/verbs.ts'
import { canonicalUrl } from '../../src/core/canonical-url.ts'
import type { Route } from '../../src/upstream/forge.ts'
import { gogsRoute } from '../../src/upstream/gogs/route.ts'
import { compileRoutes, findRoute } from '../../src/upstream/gogs/route-tree.ts'
import { ROUTES } from '../../src/upstream/gogs/routes.ts'
import { ROWS, type RouteRow } from './route-rows.ts'

const WORDS: Readonly<Record<string, string>> = {
  ':username': 'acme',
  ':owner': 'acme',
  ':reponame': 'app',
  ':reponame.git': 'app.git',
  ':repo': 'app',
  ':org': 'acme',
  ':orgname': 'acme',
  ':team': 'core',
  ':collaborator': 'bob',
  ':name': 'x',
  ':page': 'Home',
  ':sha': '0123456',
  ':uuid': '6c2f1b0e',
  ':oid': 'ab'.repeat(32),
}

/** A path that the pattern matches. */
function concrete(pattern: string): string {
  const words = pattern.split('/').map((word) => WORDS[word] ?? word.replace(/^:.+$/, '7'))
  const path = words.join('/').replace('compare/*', 'compare/main...topic').replace(/\*$/, 'main/x')
  const read = canonicalUrl(path)
  assert.ok(read.ok, path)
  return read.value.path
}

const methodsOf = ({ method }: RouteRow): readonly string[] =>
  method === 'ANY' ? ['GET', 'POST', 'PUT', 'DELETE'] : method === 'GET' ? ['GET', 'HEAD'] : [method]

const LFS_VERBS = {
  batch: 'lfs.batch',
  upload: 'lfs.upload',
  download: 'git.fetch',
  verify: 'lfs.verify',
  none: null,
} as const

function verbOf(route: Route, form: string): string | null {
  switch (route.kind) {
    case 'page':
    case 'refused':
    case 'ours':
      return route.verb
    case 'git':
      return route.service === 'git-receive-pack' ? 'git.push' : 'git.fetch'
    case 'lfs':
      return LFS_VERBS[route.step]
    case 'api': // what it means is known with its body: test/contract/api-table.test.ts
      return route.verbs.join(' ')
    case 'asset':
      return null
    case 'change': {
      const pairs = parseForm(form)
      assert.ok(pairs.ok, form)
      const change = route.describe(pairs.value)
      assert.ok(change.ok, change.ok ? '' : `${form}: ${change.error.say}`)
      return change.value.verb
    }
  }
}

const KINDS: Readonly<Record<RouteRow['disposition'], RegExp>> = {
  pass: /^page$/,
  secret: /^page$/,
  challenge: /^change$/,
  git: /^(?:git|lfs)$/,
  api: /^api$/,
  block: /^(?:refused|ours)$/,
  portal: /^(?:refused|ours)$/,
}

describe('every row of the map has its verb and its disposition', () => {
  for (const row of ROWS) {
    test(`${row.method} ${row.pattern}: ${row.verb}, ${row.disposition}`, () => {
      for (const method of methodsOf(row)) {
        const route = gogsRoute(method, concrete(row.pattern), '')
        if (route.kind === 'change' && row.disposition === 'block') {
          // One of several meanings of a form, and the one that is for nobody.
          const pairs = parseForm(row.form)
          const change = pairs.ok && route.describe(pairs.value)
          assert.equal(change && !change.ok && change.error.reason, 'not-allowed-yet')
          assert.equal(groupOf(row.verb as Verb), 'never')
          assert.equal(route.verbs.includes(row.verb as Verb), false)
          continue
        }
        assert.match(route.kind, KINDS[row.disposition])
        if (route.kind === 'api') {
          assert.ok(route.verbs.includes(row.verb as Verb), row.verb)
          continue
        }
        if (route.kind === 'page') assert.equal(route.secret, row.disposition === 'secret')
        if (route.kind === 'refused') assert.equal(route.refusal.reason, 'not-allowed-yet')
        assert.equal(verbOf(route, row.form) ?? '-', row.verb)
      }
    })
  }
})

test('a disposition goes with the group of the verb', () => {
  for (const { verb, disposition, pattern } of ROWS) {
    if (verb === '-' || pattern.startsWith('/api/')) continue
    const group = groupOf(verb as Verb)
    if (disposition === 'pass') assert.match(group, /^(?:read|ride)$/, verb)
    if (disposition === 'secret') assert.equal(group, 'secret-read', verb)
    if (disposition === 'challenge') assert.match(group, /^(?:change|critical)$/, verb)
  }
})

test('no line of ours is out of reach, and none takes the place of another', () => {
  for (const ofOwner of [false, true]) {
    const lines = ROUTES.filter(([, path]) => path.startsWith('/:owner') === ofOwner)
    const tree = compileRoutes(lines.map(([method, path], at) => [method, path, at] as const))
    for (const [at, [method, path]] of lines.entries()) {
      // A GET line stands before an ANY line of the same path; so that one is reached by another method.
      const asked = method === 'ANY' ? 'PUT' : method
      const segments = concrete(path).split('/').slice(1).filter(Boolean)
      const found = findRoute(tree, asked, segments)
      assert.equal(found === undefined ? undefined : lines[found]?.[1], path)
      assert.equal(found, at, `${method} ${path}`)
    }
  }
})

test('every verb of a change stands in the map', () => {
  const mapped = new Set(ROWS.map(({ verb }) => verb))
  // These depend on what is known of the place, which the rows do not say.
  const byFacts = new Set(['repo.settings.update'])
  for (const [, path, fate] of ROUTES)
    if (fate.kind === 'change')
      for (const verb of fate.schemas.flatMap(({ verbs }) => verbs))
        assert.ok(mapped.has(verb) || byFacts.has(verb), `${path}: ${verb}`)
  for (const verb of mapped) assert.ok(verb === '-' || VERB_NAMES.includes(verb as Verb), verb)
})

describe('two spellings of an address never mean two things', () => {
  const said = (method: string, target: string): string => {
    const url = canonicalUrl(target)
    if (!url.ok) return 'refused'
    const route = gogsRoute(method, url.value.path, url.value.query)
    if (route.kind === 'refused' || (route.kind === 'lfs' && route.step === 'none')) return 'refused'
    const place = 'repo' in route && route.repo ? `${route.repo.owner}/${route.repo.name}` : ''
    const verbs = route.kind === 'change' ? route.verbs.join(' ') : verbOf(route, '')
    return `${route.kind} ${verbs} ${place}`
  }
  const spellings: Readonly<Record<string, (path: string) => string>> = {
    'a slash at the end': (path) => `${path}/`,
    'two slashes': (path) => path.replace(/\/([^/]*)$/, '//$1'),
    'a dot segment': (path) => path.replace(/\/([^/]*)$/, '/./$1'),
    'an escaped letter': (path) =>
      path.replace(/[a-z]([^/]*)$/, (end) => `%${end.charCodeAt(0).toString(16)}${end.slice(1)}`),
    'an escaped slash': (path) => path.replace(/\/([^/]*)$/, '%2F$1'),
    'words in upper case': (path) => path.toUpperCase(),
    'a repository with .git': (path) => path.replace(/^\/acme\/app(?=\/|$)/, '/acme/app.git'),
    'a repository with .GIT': (path) => path.replace(/^\/acme\/app(?=\/|$)/, '/acme/app.GIT'),
    'a parameter behind a semicolon': (path) => `${path};x=y`,
    'a space behind': (path) => `${path}%20`,
  }
  for (const [name, spell] of Object.entries(spellings))
    test(name, () => {
      let tried = 0
      for (const row of [...ROWS, ...ROUTES.map(([method, pattern]) => ({ method, pattern }))]) {
        const path = concrete(row.pattern)
        const method = row.method === 'ANY' ? 'POST' : row.method
        const other = said(method, spell(path))
        if (spell(path) === path || other === 'refused') continue
        tried++
        const same = said(method, path)
        // Gogs tells words in upper case from its own, so such a one is a name: of a page to read, or of a branch.
        const isName =
          (other.startsWith('page page.read') && same.startsWith('page page.read')) ||
          /default_branch$/.test(path)
        const isOurs = other.startsWith('ours') && same.startsWith('ours')
        assert.ok(other === same || isName || isOurs, `${method} ${spell(path)}: ${other}, not ${same}`)
      }
      if (name === 'a slash at the end') assert.ok(tried > 200)
    })
})

const ACTIONS = ['star', 'follow', 'private', 'join', 'add', 'open'] as const
const DUMP = process.env['GOGS_ROUTE_DUMP']
test('no route of a dump that is given as a file is missing', {
  skip: DUMP === undefined && 'GOGS_ROUTE_DUMP names no file of lines METHOD, TAB, PATTERN',
}, () => {
  const missing: string[] = []
  let read = 0
  for (const line of readFileSync(DUMP!, 'utf8').split('\n')) {
    const [method = '', said = ''] = line.split('\t')
    const pattern = said.split(/[ ?]/)[0]! // words behind it say which form is meant
    if (!/^[A-Z]+$/.test(method) || !pattern.startsWith('/')) continue
    read++
    if (pattern === '/:username/:reponame/*') continue // git's own, each of which has a row
    const asked = method === 'ANY' ? 'GET' : method
    // What a word of the path means is told apart by it; git is asked under the name that its addresses have.
    const spelled = /\/git-(?:upload|receive)-pack$/.test(pattern)
      ? [pattern.replace(':reponame/', ':reponame.git/')]
      : ACTIONS.map((word) => pattern.replace(':action', word))
    const known = spelled.some((one) => {
      const route = gogsRoute(asked, concrete(one), '')
      return route.kind !== 'refused' || route.refusal.reason !== 'unknown-action'
    })
    if (!known) missing.push(`${method} ${pattern}`)
  }
  assert.ok(read > 0, 'the dump has no routes')
  assert.deepEqual(missing, [])
})
