import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WebAttempt } from './attempt.ts'
import { checkOrigin } from './check-origin.ts'
import type { FlowContext } from './context.ts'
import type { Passage } from './passage.ts'

const ours = 'https://git.example.com'

function reason(
  method: string,
  origin: string | undefined,
  fetchSite: string | undefined,
  route: object = { kind: 'page' },
): unknown {
  const attempt = { door: 'web', method, origin, fetchSite, route } as Partial<WebAttempt>
  const verdict = checkOrigin({ attempt } as Passage, { forgeOrigin: ours } as FlowContext)
  return verdict === undefined ? 'passed' : (verdict as { reason: string }).reason
}

test('an unsafe request passes only from a page of this origin', () => {
  assert.equal(reason('POST', ours, 'same-origin'), 'passed')
  assert.equal(reason('POST', ours, undefined), 'passed')
  for (const [origin, site] of [
    ['https://id.git.example.com', 'same-site'],
    ['https://evil.example', 'cross-site'],
    [ours, 'same-site'],
    [ours, 'none'],
    [undefined, undefined],
    [undefined, 'same-origin'],
  ] as const)
    assert.equal(reason('POST', origin, site), 'cross-site', `${origin} ${site}`)
  assert.equal(reason('GET', undefined, 'cross-site'), 'passed')
})

test('a form of a page with no-referrer in its head was refused for its `Origin: null`', () => {
  assert.equal(reason('POST', 'null', 'same-origin'), 'passed')
  for (const site of ['same-site', 'cross-site', 'none', undefined])
    assert.equal(reason('POST', 'null', site), 'cross-site', String(site))
})

test('a GET that changes something passes only from a page of this origin', () => {
  const route = { kind: 'change' }
  assert.equal(reason('GET', undefined, 'same-origin', route), 'passed')
  for (const site of ['none', 'same-site', 'cross-site', undefined])
    assert.equal(reason('GET', undefined, site, route), 'cross-site', String(site))
})
