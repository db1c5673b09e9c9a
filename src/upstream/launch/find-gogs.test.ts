import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { childEnv } from './child-env.ts'
import { findGogs } from './gogs-process.ts'

test('a named binary counts before PATH, and must be there', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'cs-find-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'gogs')
  writeFileSync(file, '')
  chmodSync(file, 0o644)
  assert.equal(findGogs({ PATH: dir }), undefined)
  chmodSync(file, 0o755)
  assert.equal(findGogs({ PATH: `/nowhere:${dir}` }), file)
  assert.equal(findGogs({ GOGS_BINARY: file }), file)
  assert.throws(() => findGogs({ GOGS_BINARY: join(dir, 'other'), PATH: dir }), /GOGS_BINARY/)
  assert.throws(() => findGogs({ GOGS_BINARY: 'gogs', PATH: dir }), /GOGS_BINARY/)
  assert.equal(findGogs({ PATH: 'relative' }), undefined)
})

test('a forge gets none of the gateway’s environment but what it needs', () => {
  const env = childEnv(
    { PATH: '/bin', COUNTERSIGN_SECRET: 'x', GIT_DIR: '/x', HOME: '/root', NODE_OPTIONS: '-r x' },
    '/srv/home',
  )
  assert.deepEqual([env['PATH'], env['HOME'], env['GIT_CONFIG_NOSYSTEM']], ['/bin', '/srv/home', '1'])
  for (const name of ['COUNTERSIGN_SECRET', 'GIT_DIR', 'NODE_OPTIONS']) assert.equal(env[name], undefined)
})
