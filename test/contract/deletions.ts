import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Bench } from './bench.ts'

/** Organisations and accounts that come and go, and a login that changes. */
export function deletionContract(bench: Bench): void {
  const send = (user: string, path: string, fields: Record<string, string> = {}) =>
    bench.forge.change(user, { method: 'POST', path, body: new URLSearchParams(fields).toString() })

  it('makes an organisation, and deletes it for its owner and nobody else', async () => {
    const made = await send('alice', '/org/create', { org_name: 'guild' })
    assert.deepEqual([made.accepted, made.next], [true, '/org/guild/dashboard'])
    const { id } = (await bench.forge.org('guild'))!
    assert.ok(Number.isSafeInteger(id))
    assert.equal((await send('bob', '/org/guild/settings/delete')).accepted, false)
    assert.equal((await bench.forge.org('guild'))?.id, id)
    assert.equal((await send('alice', '/org/guild/settings/delete')).accepted, true)
    assert.equal(await bench.forge.org('guild'), undefined)
  })

  it('deletes an account that owns nothing, and no other', async () => {
    const made = await bench.forge.createUser({ name: 'brief', email: 'brief@example.com', admin: false })
    assert.ok(made.ok)
    const kept = await send('alice', '/user/settings/delete')
    assert.equal(kept.accepted, false)
    assert.match(kept.said ?? '', /owns repositories/)
    assert.equal((await send('brief', '/user/settings/delete')).accepted, true)
    assert.equal(await bench.forge.user('brief'), undefined)
    assert.ok(await bench.forge.user('alice'))
  })

  it('gives a login another name at once, with the same number', async () => {
    const made = await bench.forge.createUser({ name: 'early', email: 'early@example.com', admin: false })
    assert.ok(made.ok)
    assert.equal((await send('early', '/user/settings', { name: 'later' })).accepted, true)
    assert.equal(await bench.forge.user('early'), undefined)
    assert.equal((await bench.forge.user('later'))?.id, made.value.id)
    assert.equal(await bench.forge.nameOf(made.value.id), 'later')
    assert.equal((await send('later', '/user/settings', { name: 'alice' })).accepted, false)
  })
}
