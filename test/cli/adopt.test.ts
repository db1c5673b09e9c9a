import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { randomSecret } from '../../src/core/crypto.ts'
import { freePort } from '../../src/upstream/launch/child.ts'
import { gogsConfig } from '../../src/upstream/launch/gogs-config.ts'
import { findGogs } from '../../src/upstream/launch/gogs-process.ts'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { type GitResult, run } from '../support/git.ts'
import { ledgerEntries } from '../support/ledger-entries.ts'
import { eventually } from '../support/raw-http.ts'

// A Gogs that people worked with before: by SSH keys, tokens, deploy keys and webhooks. What the command sees, says and ends.

const cli = join(import.meta.dirname, '..', '..', 'countersign')
const binary = findGogs(process.env)
const HEADER = 'X-Adopt-Test'

describe('countersign gogs adopt, on a live Gogs', {
  skip: binary === undefined && 'there is no gogs binary',
}, () => {
  let gogs: ChildProcess
  let url: string
  let home: string
  let database: string
  let gateway: RunningGateway

  const api = (path: string, as: string, init: { method?: string; json?: object; token?: string } = {}) =>
    fetch(`${url}${path}`, {
      method: init.method ?? 'GET',
      headers: {
        ...(init.token === undefined ? { [HEADER]: as } : { authorization: `token ${init.token}` }),
        ...(init.json && { 'content-type': 'application/json' }),
      },
      ...(init.json && { body: JSON.stringify(init.json) }),
      redirect: 'manual',
    })
  const adopt = (...args: string[]): Promise<GitResult> =>
    run([cli, 'gogs', 'adopt', '--home', home, ...args])
  /** A token of the person's own, as Gogs makes it on their page. */
  async function token(user: string, name: string): Promise<string> {
    const page = await api('/user/settings/applications', user)
    const cookies = page.headers.getSetCookie()
    const csrf = /_csrf=([^;]+)/.exec(cookies.join('\n'))![1]!
    const made = await fetch(`${url}/user/settings/applications`, {
      method: 'POST',
      headers: {
        [HEADER]: user,
        'x-csrf-token': decodeURIComponent(csrf),
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ name }).toString(),
      redirect: 'manual',
    })
    const flash = /macaron_flash=([^;]+)/.exec(made.headers.getSetCookie().join('\n'))![1]!
    return new URLSearchParams(decodeURIComponent(flash)).get('info')!
  }
  async function sshKey(name: string): Promise<string> {
    const file = join(scratch('key'), name)
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file])
    return (await run(['cat', `${file}.pub`])).stdout.trim()
  }

  before(async () => {
    const dir = scratch('live-gogs')
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    for (const folder of ['data', 'custom', 'repositories', 'git-home', 'ssh']) mkdirSync(join(dir, folder))
    database = join(dir, 'data', 'gogs.db')
    const config = join(dir, 'app.ini')
    writeFileSync(
      config,
      gogsConfig({
        home: dir,
        port,
        externalUrl: url,
        headerName: HEADER,
        secretKey: randomSecret(),
        runUser: userInfo().username,
        open: false,
        ssh: { host: '127.0.0.1', port: 22 },
      }),
    )
    const env = {
      ...process.env,
      HOME: join(dir, 'git-home'),
      GOGS_WORK_DIR: dir,
      GOGS_CUSTOM: join(dir, 'custom'),
    }
    gogs = spawn(binary!, ['web', '--config', config], { cwd: dir, env, stdio: 'ignore' })
    process.once('exit', () => gogs.kill('SIGKILL'))
    await eventually(
      () =>
        fetch(`${url}/healthcheck`).then(
          ({ ok }) => ok,
          () => false,
        ),
      'Gogs is up',
    )
    const made = await run(
      [
        binary!,
        'admin',
        'create-user',
        '--config',
        config,
        '--name',
        'gate',
        '--email',
        'gate@example.com',
        '--admin',
        '--password',
        randomSecret(),
      ],
      { env },
    )
    assert.equal(made.code, 0, made.stdout)
    for (const name of ['alice', 'bob'])
      assert.equal(
        (
          await api('/api/v1/admin/users', 'gate', {
            method: 'POST',
            json: { username: name, email: `${name}@example.com`, password: randomSecret() },
          })
        ).status,
        201,
      )
    const alice = await token('alice', 'my laptop')
    await token('bob', 'ci')
    const as = (path: string, json: object) => api(path, 'alice', { method: 'POST', json, token: alice })
    assert.equal(
      (await as('/api/v1/user/keys', { title: 'alice at work', key: await sshKey('alice') })).status,
      201,
    )
    assert.equal(
      (await as('/api/v1/user/repos', { name: 'app', private: true, auto_init: true, readme: 'Default' }))
        .status,
      201,
    )
    assert.equal((await as('/api/v1/user/orgs', { username: 'acme' })).status, 201)
    assert.equal((await as('/api/v1/org/acme/repos', { name: 'tool', private: true })).status, 201)
    assert.equal(
      (await as('/api/v1/repos/alice/app/keys', { title: 'deploy app', key: await sshKey('deploy') })).status,
      201,
    )
    assert.equal(
      (await as('/api/v1/repos/acme/tool/keys', { title: 'deploy tool', key: await sshKey('tool') })).status,
      201,
    )
    const hook = {
      type: 'gogs',
      config: { url: 'https://ci.example.com/hook/SECRET-IN-PATH', content_type: 'json' },
      events: ['push'],
      active: true,
    }
    assert.equal((await as('/api/v1/repos/acme/tool/hooks', hook)).status, 201)

    home = scratch('adopting')
    writeFileSync(
      join(home, 'countersign.yaml'),
      `mode: report-only\ngogs: { url: "${url}", header: ${HEADER}, serviceAccount: gate }\n`,
    )
    gateway = await startGateway({ home })
  })
  after(async () => {
    await gateway?.stop()
    gogs?.kill()
  })

  test('lists what is there with what becomes of it, and changes nothing', async () => {
    const { code, stdout, stderr } = await adopt()
    assert.equal(code, 0, stderr)
    if (process.env['SHOW'] !== undefined) process.stdout.write(stdout)
    assert.match(stdout, /^Report-only: /)
    assert.match(
      stdout,
      /^SSH keys: 1\n.*The gateway does not accept them.*\n.*You: .*\n +alice +alice at work \(ssh-ed25519\)$/m,
    )
    assert.match(stdout, /^access tokens: 2$/m)
    assert.match(stdout, /^ +alice +my laptop$/m)
    assert.match(stdout, /^ +bob +ci$/m)
    assert.match(stdout, /^deploy keys: 2$/m)
    assert.match(stdout, /^ +acme\/tool +deploy tool \(ssh-ed25519\)$/m)
    assert.match(stdout, /^ +acme\/tool +gogs to ci\.example\.com$/m)
    assert.match(stdout, /^mirrors that fetch: none$/m)
    assert.match(stdout, /cannot be seen from here.*\n +find REPOSITORY_ROOT/)
    assert.match(stdout, /-- protected branches\n +select /)
    assert.match(
      stdout,
      /Nothing was changed\. With --apply this would end, for good: 1 SSH key, 2 access tokens, 2 deploy keys\./,
    )
    assert.doesNotMatch(stdout, /SECRET-IN-PATH|cs-[0-9a-f]{12}/)
    assert.deepEqual(await ledgerEntries(home, 'forge.adopt'), [])
    assert.equal((await adopt()).stdout, stdout)
  })

  test('what the interface does not show is read from the database', async () => {
    const { code, stdout, stderr } = await adopt('--database', database)
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^administrators of Gogs: 1\n(?:.*\n){2} +gate +site administrator$/m)
    assert.match(stdout, /^passwords of Gogs: \d+\n(?:.*\n){2}(?: +.*\n)* +alice +a password of the forge$/m)
    assert.match(stdout, /^protected branches: none$/m)
    assert.doesNotMatch(stdout, /select /)
    const wrong = await adopt('--database', join(home, 'none.db'))
    assert.equal(wrong.code, 1)
  })

  test('only what was named is ended, on record before and after', async () => {
    assert.equal((await adopt('--apply', '--only', 'webhook')).code, 2)
    const { code, stdout, stderr } = await adopt('--apply', '--only', 'ssh-key')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^Ending 1 SSH key:$/m)
    assert.match(stdout, /^ +ended +ssh-key +alice +alice at work/m)
    const [plan, done] = await ledgerEntries(home, 'forge.adopt')
    assert.deepEqual([plan!['step'], plan!['by'], plan!['items'].length], ['plan', 'host', 1])
    assert.deepEqual([done!['step'], done!['ended'].length, done!['left']], ['done', 1, []])
    const { stdout: now } = await adopt()
    assert.match(now, /^SSH keys: none$/m)
    assert.match(now, /^access tokens: 2$/m)
  })

  test('somebody whom Gogs shows another page is named, and does not hide the rest', async () => {
    const gogsOwn = new DatabaseSync(database)
    gogsOwn.exec(`update "user" set prohibit_login = 1 where name = 'bob'`)
    const { stdout, code } = await adopt('--database', database)
    gogsOwn.exec(`update "user" set prohibit_login = 0 where name = 'bob'`)
    gogsOwn.close()
    assert.equal(code, 0)
    assert.match(
      stdout,
      /^accounts that Gogs lets nobody be: 2\n(?:.*\n){2} +bob +may not sign in\n +bob +access token: ci$/m,
    )
    assert.match(stdout, /^access tokens: 1$/m)
  })

  test('all of it, and a second time there is nothing left', async () => {
    const { stdout } = await adopt('--apply')
    assert.match(stdout, /^4 of 4 ended;/m)
    const { stdout: now } = await adopt('--apply')
    assert.match(now, /^access tokens: none$/m)
    assert.match(now, /^deploy keys: none$/m)
    assert.match(now, /There is nothing that this command could end\./)
    assert.equal((await ledgerEntries(home, 'forge.adopt')).length, 4)
  })
})

test('on the stand-in: tokens are listed, and the gateway’s own are not', async () => {
  const gateway = await startGateway({ env: { COUNTERSIGN_FORGE: 'stand-in' } })
  try {
    const { code, stdout, stderr } = await run([cli, 'gogs', 'adopt', '--home', gateway.home])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^Policy is enforced\./)
    assert.match(stdout, /^access tokens: none$/m)
  } finally {
    await gateway.stop()
  }
  const later = await run([cli, 'gogs', 'adopt', '--home', gateway.home])
  assert.equal(later.code, 1)
  assert.match(later.stderr, /does not answer/)
})
