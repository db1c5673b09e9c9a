import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { misread, parseCommitLinks, parsePullTitle } from './pulls.ts'

const LABELS = {
  open: '<div class="ui green large label"><i class="octicon octicon-issue-opened"></i> Open</div>',
  closed: '<div class="ui red large label"><i class="octicon octicon-issue-closed"></i> Closed</div>',
  merged: '<div class="ui purple large label"><i class="octicon octicon-git-pull-request"></i> Merged</div>',
}
const says = (head: string, base: string): string =>
  `<span class="pull-desc">wants to merge 1 commits from <code>${head}</code> into <code>${base}</code></span>`
const page = (inside: string): string =>
  `<p>above</p><div class="sixteen wide column title">${inside}<div class="ui divider"></div></div><code>below</code>`

test('state and branches, whatever the words around them are', () => {
  for (const [state, label] of Object.entries(LABELS))
    assert.deepEqual(parsePullTitle(page(`${label}${says('mate/a/b', 'acme/main')}`)), {
      state,
      head: 'mate/a/b',
      base: 'acme/main',
    })
  const japanese = '<span class="pull-desc">が <code>a/b</code> から <code>c/d</code> への</span>'
  assert.equal(parsePullTitle(page(`${LABELS.open}${japanese}`))?.base, 'c/d')
})

test('none of what has another reading', () => {
  for (const inside of [
    '',
    LABELS.open,
    says('a/b', 'c/d'),
    `${LABELS.open}${LABELS.merged}${says('a/b', 'c/d')}`,
    `${LABELS.open}${says('a/b', 'c/d')}${says('a/b', 'c/d')}`,
    `${LABELS.open}${says('a/b</code><code>x/y', 'c/d')}`,
    `${LABELS.open}${says('a/b&amp;c', 'c/d')}`,
    `${LABELS.open}${says('a/<b>c</b>', 'c/d')}`,
    `${LABELS.open.replace('green', 'blue')}${says('a/b', 'c/d')}`,
    `${LABELS.open.replace('issue-opened', 'issue-closed')}${says('a/b', 'c/d')}`,
  ])
    assert.equal(parsePullTitle(page(inside)), undefined, inside)
  assert.equal(parsePullTitle(`${LABELS.open}${says('a/b', 'c/d')}`), undefined)
})

const link = (path: string): string =>
  `<a rel="nofollow" class="ui sha label" href="/${path}/commit/${'1'.repeat(40)}">1111</a>`

test('the repository that all commits are linked in', () => {
  assert.deepEqual(parseCommitLinks(`${link('mate/app')}<p>${link('mate/app')}`), {
    owner: 'mate',
    name: 'app',
  })
  assert.equal(parseCommitLinks('<span class="ui sha label">1111</span>'), 'none')
  for (const text of [
    `${link('mate/app')}${link('mate/other')}`,
    `${link('mate/app')}${link('acme/app')}`,
    link('admin/app'),
    link('mate/app.git'),
    '<a rel="nofollow" class="ui sha label" href="/mate/app/commit/main">x</a>',
    '<a rel="nofollow" class="ui sha label" href="https://elsewhere/mate/app/commit/1">x</a>',
  ])
    assert.equal(parseCommitLinks(text), 'unreadable', text)
})

test('both read any page without failing', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom('<code>', '</code>', '<span class="pull-desc">', '</span>', link('a/b'), LABELS.open),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      parsePullTitle(page(pieces.join('')))
      parseCommitLinks(pieces.join(''))
    }),
  )
})

test('names that git reads otherwise in the clone of a merge', () => {
  const none = new Map<string, string>()
  const tagged = (tag: string) => new Map([[`refs/tags/${tag}`, '1'.repeat(40)]])
  assert.equal(misread('main', 'topic', none, none), undefined)
  assert.equal(misread('main', 'topic', tagged('topic'), tagged('v1')), undefined)
  for (const [base, head] of [
    ['HEAD', 'topic'],
    ['main', 'HEAD'],
    ['main', '-topic'],
    ['refs/heads/main', 'topic'],
    ['heads/main', 'topic'],
    ['head_repo/topic', 'topic'],
    ['origin/main', 'topic'],
    ['main', 'remotes/x'],
  ] as const)
    assert.match(misread(base, head, none, none) ?? '', /can mean something else/, `${base} ${head}`)
  for (const tag of ['main', 'head_repo/topic'])
    for (const [base, head] of [
      [tagged(tag), none],
      [none, tagged(tag)],
    ] as const)
      assert.match(misread('main', 'topic', base, head) ?? '', /There is a tag/)
})
