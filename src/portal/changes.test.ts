import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fakePortal } from '../../test/e2e/pages/fake-portal.ts'
import { seed } from '../../test/e2e/pages/people.ts'
import { type Visitor, visitor } from '../../test/e2e/pages/visitor.ts'

async function inUse() {
  const fake = fakePortal()
  const people = await seed(fake)
  const alices = visitor(fake, people.aliceSecret)
  const admins = visitor(fake, people.adminSecret)
  await alices.get('/')
  await admins.get('/')
  const laptop = fake.identity.devices(people.alice.id).find(({ name }) => name === 'Work laptop')!
  return { fake, ...people, alices, admins, laptop, log: fake.identity.log }
}

interface Begun {
  id: string
  options: { challenge: string }
  title: string
  text: string
}
async function begin(who: Visitor, what: string, of: object): Promise<Begun> {
  const response = await who.postJson('/approve/begin', { what, of })
  assert.equal(response.status, 200)
  return (await response.json()) as Begun
}
const touch = (who: Visitor, { id }: Begun, credential: string): Promise<Response> =>
  who.postJson('/approve/finish', { id, credential: { id: credential } })

test('a device is disabled by the touch of another, once', async () => {
  const { alices, laptop, key, log } = await inUse()
  const begun = await begin(alices, 'revoke-device', { device: laptop.id })
  assert.match(begun.text, new RegExp(`action device.revoke\nfield device ${laptop.id}\n`))
  assert.deepEqual(await (await touch(alices, begun, key.credential)).json(), { next: '/devices' })
  assert.deepEqual(log, [`setDeviceState ${laptop.id} revoked device:${key.id}`])
  assert.equal((await touch(alices, begun, key.credential)).status, 400)
  assert.equal(log.length, 1)
})

test('a device cannot disable itself, nor can a stranger’s, nor another browser', async () => {
  const { fake, alices, admins, laptop, aliceSecret, log } = await inUse()
  assert.equal(
    (await touch(alices, await begin(alices, 'revoke-device', { device: laptop.id }), laptop.credential))
      .status,
    400,
  )
  const begun = await begin(alices, 'revoke-device', { device: laptop.id })
  assert.equal((await touch(admins, begun, 'credential-10')).status, 400)
  const elsewhere = visitor(fake, aliceSecret)
  await elsewhere.get('/')
  assert.equal(
    (await touch(elsewhere, await begin(alices, 'revoke-device', { device: laptop.id }), laptop.credential))
      .status,
    400,
  )
  assert.deepEqual(log, [])
})

test('a confirmation lives five minutes', async () => {
  const { fake, alices, laptop, key, log } = await inUse()
  const begun = await begin(alices, 'revoke-device', { device: laptop.id })
  fake.at += 5 * 60_000
  assert.equal((await touch(alices, begun, key.credential)).status, 400)
  assert.deepEqual(log, [])
})

test('devices of others are unknown', async () => {
  const { admins, laptop, log } = await inUse()
  assert.equal(
    (await admins.postJson('/approve/begin', { what: 'revoke-device', of: { device: laptop.id } })).status,
    404,
  )
  assert.equal((await admins.post(`/devices/${laptop.id}/rename`, { name: 'mine' })).status, 404)
  assert.deepEqual(log, [])
})

test('a device is renamed by a form', async () => {
  const { alices, laptop, log } = await inUse()
  const response = await alices.post(`/devices/${laptop.id}/rename`, { name: ' new name ' })
  assert.deepEqual([response.status, response.headers.get('location')], [303, '/devices'])
  assert.deepEqual(log, [`renameDevice ${laptop.id} new name`])
  assert.equal((await alices.post(`/devices/${laptop.id}/rename`, { name: ' ' })).status, 400)
})

test('a git password is shown after a touch, and ended by a form', async () => {
  const { fake, alices, alice, key, log } = await inUse()
  const answer = (await (
    await touch(alices, await begin(alices, 'git-password', {}), key.credential)
  ).json()) as { show: Record<string, string> }
  assert.match(answer.show['password'] ?? '', /^csp_[A-Za-z0-9_-]{43}$/)
  assert.equal(answer.show['until'], '2026-11-24 19:00 UTC')
  const { id } = fake.identity.gitPasswords(alice.id).at(-1)!
  assert.equal((await alices.post(`/git-password/${id}/end`, {})).status, 303)
  assert.equal((await alices.post(`/git-password/${id}/end`, {})).status, 404)
  assert.deepEqual(log, [`createGitPassword ${alice.id} ${key.id}`, `revokeGitPassword ${id} session:s10`])
})

test('an SSH key takes the public key, a signature and a touch, in this order', async () => {
  const { alices, key, log } = await inUse()
  const step = { key: 'sk-ssh-ed25519@openssh.com AAAA', path: '~/.ssh/id_ed25519_sk.pub' }
  for (const path of ['$(id)', 'a;b', 'a b', "a'b", '-x', ''])
    assert.equal((await alices.postJson('/devices/add-ssh-key/begin', { ...step, path })).status, 400, path)
  assert.equal(
    (await alices.postJson('/devices/add-ssh-key/begin', { ...step, key: 'ssh-ed25519 AAAA' })).status,
    400,
  )
  const { show } = (await (await alices.postJson('/devices/add-ssh-key/begin', step)).json()) as {
    show: Record<string, string>
  }
  const command = show['command'] ?? ''
  assert.match(command, / \|\n {2}ssh-keygen -Y sign -n ssh-key@countersign -f ~\/\.ssh\/id_ed25519_sk\.pub$/)
  const printed = execFileSync('sh', ['-c', command.split(' |\n')[0]!], { encoding: 'utf8' })
  assert.match(printed, /^countersign ssh key proof v1\norigin http:\/\/localhost\nnonce [\w-]{43}\n$/)
  assert.deepEqual(show['lines']?.split('\n'), [
    'git config --global gpg.format ssh',
    'git config --global user.signingkey ~/.ssh/id_ed25519_sk.pub',
    'git config --global push.gpgSign if-asked',
  ])
  const wrong = await alices.postJson('/approve/begin', {
    what: 'add-ssh-key',
    of: { name: 'k', signature: 'no' },
  })
  assert.equal(wrong.status, 400)
  const begun = await begin(alices, 'add-ssh-key', {
    name: 'git key',
    signature: '-----BEGIN SSH SIGNATURE-----',
  })
  assert.match(begun.text, /action device.add\nfield kind ssh-sk\n/)
  assert.deepEqual(log, [])
  assert.equal((await touch(alices, begun, key.credential)).status, 200)
  assert.deepEqual(log, [`addDevice git key by device:${key.id}`])
})

test('a passkey takes a touch of an old one, then its own', async () => {
  const { alices, key, log } = await inUse()
  assert.equal(
    (await alices.postJson('/devices/add-passkey/finish', { name: 'x', credential: { id: 'new' } })).status,
    400,
  )
  const answer = await touch(alices, await begin(alices, 'add-passkey', { name: 'red key' }), key.credential)
  assert.ok('create' in ((await answer.json()) as object))
  assert.deepEqual(log, [])
  const done = await alices.postJson('/devices/add-passkey/finish', {
    name: 'red key',
    credential: { id: 'new' },
  })
  assert.deepEqual(await done.json(), { next: '/devices' })
})

test('an administrator invites, disables and enables, by touch', async () => {
  const { fake, admins, alice, admin, log } = await inUse()
  const desk = fake.identity.devices(admin.id)[0]!.credential
  for (const of of [
    { name: 'a b', email: 'x@example.com' },
    { name: 'dave', email: 'dave' },
    { name: '', email: '' },
    { name: 'dave', email: 'd ave@example.com' },
  ]) {
    assert.equal((await admins.postJson('/approve/begin', { what: 'invitation', of })).status, 400)
  }
  const invited = await touch(
    admins,
    await begin(admins, 'invitation', { name: 'dave', email: 'dave@example.com' }),
    desk,
  )
  const { show } = (await invited.json()) as { show: Record<string, string> }
  assert.match(show['link'] ?? '', /^http:\/\/localhost:3001\/enrol#csl_[A-Za-z0-9_-]{43}$/)
  await touch(admins, await begin(admins, 'account-state', { account: alice.id, state: 'disabled' }), desk)
  assert.equal(fake.identity.account(alice.id)?.state, 'disabled')
  assert.equal(
    (
      await admins.postJson('/approve/begin', {
        what: 'account-state',
        of: { account: admin.id, state: 'disabled' },
      })
    ).status,
    403,
  )
  assert.equal(
    (
      await admins.postJson('/approve/begin', {
        what: 'account-state',
        of: { account: alice.id, state: 'gone' },
      })
    ).status,
    400,
  )
  assert.equal(log.length, 2)
})

test('an administrator who stopped being one carries nothing out', async () => {
  const { fake, admins, alice, admin, log } = await inUse()
  const begun = await begin(admins, 'account-state', { account: alice.id, state: 'disabled' })
  fake.identity.seedAccount({ ...admin, admin: false })
  assert.equal((await touch(admins, begun, fake.identity.devices(admin.id)[0]!.credential)).status, 403)
  assert.deepEqual(log, [])
})

test('a touch for one change does not carry out another', async () => {
  const { alices, laptop, key, log } = await inUse()
  const revoke = await begin(alices, 'revoke-device', { device: laptop.id })
  const password = await begin(alices, 'git-password', {})
  const clientDataJSON = Buffer.from(JSON.stringify({ challenge: password.options.challenge })).toString(
    'base64url',
  )
  const response = await alices.postJson('/approve/finish', {
    id: revoke.id,
    credential: { id: key.credential, response: { clientDataJSON } },
  })
  assert.equal(response.status, 400)
  assert.deepEqual(log, [])
})

test('what is confirmed must be one of the changes there are', async () => {
  const { alices } = await inUse()
  for (const what of ['', 'toString', '__proto__', 'nothing'])
    assert.equal((await alices.postJson('/approve/begin', { what, of: {} })).status, 400)
})

test('sign-out ends the session, clears both cookies', async () => {
  const { alices, log } = await inUse()
  const response = await alices.post('/sign-out', {})
  assert.deepEqual([response.status, response.headers.get('location')], [303, '/sign-in'])
  assert.equal(alices.cookies.size, 0)
  assert.match(log[0] ?? '', /^endSession s\d+ sign-out$/)
})

test('another session of mine can be ended, of others not', async () => {
  const { fake, alices, admins, alice, log } = await inUse()
  const phone = fake.identity.sessions(alice.id).find(({ userAgent }) => userAgent.includes('iPhone'))!
  assert.equal((await admins.post(`/sessions/${phone.id}/end`, {})).status, 404)
  assert.equal((await alices.post(`/sessions/${phone.id}/end`, {})).headers.get('location'), '/sessions')
  assert.equal(log.length, 1)
  assert.equal((await alices.get('/')).status, 200)
})

test('all other sessions end at once, this one and other people’s stay', async () => {
  const { fake, alices, alice, admin, log } = await inUse()
  assert.match(await (await alices.get('/sessions')).text(), /End all other sessions/)
  const before = fake.identity.sessions(admin.id).length
  assert.equal((await alices.post('/sessions/end-others', {})).status, 303)
  const left = fake.identity.sessions(alice.id)
  assert.equal(left.filter(({ door }) => door === 'portal').length, 1)
  assert.equal(fake.identity.sessions(admin.id).length, before)
  assert.equal((await alices.get('/sessions')).status, 200)
  assert.doesNotMatch(await (await alices.get('/sessions')).text(), /End all other sessions/)
  assert.ok(log.every((line) => line.startsWith('endSession ')))
})

test('a device shows what hangs on it', async () => {
  const { alices } = await inUse()
  const page = await (await alices.get('/devices')).text()
  assert.match(
    page,
    /Blue security key.*?<dt>Open with it<\/dt><dd>2 sessions, 1 git password, 1 token<\/dd>/s,
  )
  assert.equal(page.match(/Open with it/g)?.length, 1)
})

test('home says when pushes wait, and so does the navigation', async () => {
  const { fake, alice, alices } = await inUse()
  assert.doesNotMatch(await (await alices.get('/')).text(), /for your touch/)
  fake.holds.add({ account: alice.id })
  const page = await (await alices.get('/')).text()
  assert.match(page, /<a href="\/pending">1 push<\/a> waits for your touch/)
  assert.match(page, /Waiting <span class="count">1<\/span>/)
})
