import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileRoutes, findRoute } from './route-tree.ts'

const tree = compileRoutes([
  ['GET', '/:owner', 'page.read'],
  ['POST', '/:owner/new', 'issue.write'],
  ['GET', '/:owner/:index', 'page.read'],
  ['ANY', '/:owner/:word/*', 'api'],
  ['ANY', '/:owner/:word/fixed/*', 'lfs'],
])
const find = (method: string, path: string) => findRoute(tree, method, path.split('/').slice(1))

test('a fixed word wins over an open one, and both over the rest', () => {
  assert.equal(find('POST', '/a/new'), 'issue.write')
  assert.equal(find('GET', '/a/12'), 'page.read')
  assert.equal(find('PUT', '/a/b/fixed/x'), 'lfs')
  assert.equal(find('PUT', '/a/b/other/x'), 'api')
  assert.equal(find('PUT', '/a/b/fixed'), 'api')
})

test('a method without a line, digits that are none, a leading dash: nothing', () => {
  assert.equal(find('GET', '/a/new'), undefined)
  assert.equal(find('GET', '/a/1x'), undefined)
  assert.equal(find('GET', '/-a'), undefined)
  assert.equal(find('PUT', '/a/b'), undefined)
  assert.equal(find('PUT', '/a/b/-c'), undefined)
  assert.equal(find('HEAD', '/a'), 'page.read')
})

test('a table that says two things is refused', () => {
  assert.throws(
    () =>
      compileRoutes([
        ['GET', '/a', 'page.read'],
        ['GET', '/a', 'api'],
      ]),
    /two routes/,
  )
})
