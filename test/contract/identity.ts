import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Bench } from './bench.ts'

/** Who a request is taken to be. */
export function identityContract(bench: Bench): void {
  it('answers its health check to everybody, without making a session', async () => {
    const answer = await bench.web.ask('/healthcheck')
    assert.equal(answer.status, 200)
    assert.equal(answer.cookie('i_like_gogs'), undefined)
    assert.equal(await bench.forge.healthy(), true)
  })

  it('tells its administrators which version it is', async () => {
    assert.equal(bench.forge.known(0), undefined)
    await bench.forge.learn(0)
    assert.equal(bench.forge.version, '0.14.3')
    assert.deepEqual([bench.forge.known(1), bench.forge.known(600_000)], [true, undefined])
  })

  it('serves static files without making a session', async () => {
    const answer = await bench.web.ask('/img/favicon.png')
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), 'image/png')
    assert.equal(answer.cookie('i_like_gogs'), undefined)
  })

  it('takes the header for the identity, whatever the case of the name', async () => {
    for (const name of ['alice', 'ALICE']) {
      const answer = await bench.web.ask('/user/settings', { as: name })
      assert.equal(answer.status, 200)
      assert.match(answer.text, /value="alice@example\.com"|value="alice"/)
    }
  })

  it('knows nobody by another header, by an unknown name, or by no name', async () => {
    const { ask, headerName } = bench.web
    const tries = [
      await ask('/user/settings'),
      await ask('/user/settings', { as: 'nobody' }),
      await ask('/user/settings', { headers: { 'x-webauth-user': 'alice' } }),
      await ask('/user/settings', { headers: { [`${headerName}x`]: 'alice' } }),
      await ask('/user/settings', { headers: { 'x-forwarded-user': 'alice', 'remote-user': 'alice' } }),
    ]
    for (const { status, location } of tries) assert.deepEqual([status, location], [302, '/user/login'])
  })

  it('shows nothing to the anonymous', async () => {
    for (const path of ['/', '/explore/repos', '/alice', '/alice/app', '/alice/app/issues']) {
      const { status, location } = await bench.web.ask(path)
      assert.deepEqual([path, status, location], [path, 302, '/user/login'])
    }
    assert.equal((await bench.web.ask('/api/v1/users/alice')).status, 403)
    assert.equal((await bench.web.ask('/api/v1/repos/alice/app')).status, 403)
  })

  it('sends the signed-in away from its own sign-in page', async () => {
    const { status, location } = await bench.web.ask('/user/login', { as: 'alice' })
    assert.deepEqual([status, location], [302, '/'])
    assert.equal((await bench.web.ask('/user/login')).status, 200)
  })

  it('makes a session cookie of its own, keeps it, and lets the header decide within it', async () => {
    const first = await bench.web.ask('/user/settings', { as: 'alice' })
    const session = first.cookie('i_like_gogs')
    assert.ok(session)
    const headers = { cookie: `i_like_gogs=${session}` }
    const again = await bench.web.ask('/user/settings', { as: 'alice', headers })
    assert.equal(again.cookie('i_like_gogs'), undefined)
    const other = await bench.web.ask('/api/v1/users/bob', { as: 'bob', headers })
    assert.equal(other.status, 200)
    const settings = await bench.web.ask('/user/settings', { as: 'bob', headers })
    assert.match(settings.text, /value="bob/)
    assert.doesNotMatch(settings.text, /value="alice/)
    assert.equal((await bench.web.ask('/user/settings', { headers })).location, '/user/login')
  })

  it('refuses a form without a CSRF token, or with a wrong one', async () => {
    const path = '/user/settings/applications'
    for (const form of [
      { name: 'x' },
      { name: 'x', _csrf: 'x' },
      { name: 'x', _csrf: Buffer.from('x:1').toString('base64url') },
    ]) {
      assert.equal(
        (await bench.web.ask(path, { as: 'alice', form: form as Record<string, string> })).status,
        400,
      )
    }
  })

  it('takes the CSRF token from the header before the field, and anybody’s for everybody', async () => {
    const token = await bench.web.csrf()
    const form = { title: 'by header', _csrf: 'stale' }
    const answer = await bench.web.ask('/alice/app/issues/new', {
      as: 'alice',
      form,
      headers: { 'x-csrf-token': token },
    })
    assert.equal(answer.status, 302)
  })

  it('closes administration to everybody else', async () => {
    assert.equal((await bench.web.ask('/admin', { as: 'alice' })).status, 403)
    assert.equal((await bench.web.ask('/admin', { as: 'countersign' })).status, 200)
    const json = { username: 'mallory', email: 'm@example.com', password: 'long enough' }
    assert.equal((await bench.web.ask('/api/v1/admin/users', { as: 'alice', json })).status, 403)
  })
}
