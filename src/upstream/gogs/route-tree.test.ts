import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileRoutes, findRoute } from './route-tree.ts'

const tree = compileRoutes([
  ['GET', '/:owner', 'a page'],
  ['POST', '/:owner/new', 'an issue'],
  ['GET', '/:owner/:index', 'a page'],
  ['ANY', '/:owner/:word/*', 'the rest'],
  ['ANY', '/:owner/:word/fixed/*', 'beyond'],
])
const find = (method: string, path: string) => findRoute(tree, method, path.split('/').slice(1))

test('a fixed word wins over an open one, and both over the rest', () => {
  assert.equal(find('POST', '/a/new'), 'an issue')
  assert.equal(find('GET', '/a/12'), 'a page')
  assert.equal(find('PUT', '/a/b/fixed/x'), 'beyond')
  assert.equal(find('PUT', '/a/b/other/x'), 'the rest')
  assert.equal(find('PUT', '/a/b/fixed'), 'the rest')
})

test('a method without a line, digits that are none, a leading dash: nothing', () => {
  assert.equal(find('GET', '/a/new'), undefined)
  assert.equal(find('GET', '/a/1x'), undefined)
  assert.equal(find('GET', '/-a'), undefined)
  assert.equal(find('PUT', '/a/b'), undefined)
  assert.equal(find('PUT', '/a/b/-c'), undefined)
  assert.equal(find('HEAD', '/a'), 'a page')
})

test('a table that says two things is refused', () => {
  assert.throws(
    () =>
      compileRoutes([
        ['GET', '/a', 'a page'],
        ['GET', '/a', 'the rest'],
      ]),
    /two routes/,
  )
})
