import assert from 'node:assert/strict'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { run } from '../support/git.ts'
import { ledgerEntries } from '../support/ledger-entries.ts'
import { sshPort, sshUrl, useSsh } from '../support/over-ssh.ts'
import { type Pusher, pusher } from '../support/pusher.ts'
import { type SkProvider, startProvider } from '../support/sk/provider.ts'

/** Whether a program is on PATH. */
function has(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** A Python that has a library, or undefined. */
async function pythonWith(library: string): Promise<string | undefined> {
  for (const python of [process.env['SSH_TEST_PYTHON'] ?? '', 'python3']) {
    if (python === '' || !(python.includes('/') || has(python))) continue
    const found = await run([python, '-c', `import ${library}`]).catch(() => undefined)
    if (found?.code === 0) return python
  }
  return undefined
}

const ASYNCSSH = `
import asyncio, asyncssh, sys
async def main():
    async with asyncssh.connect('127.0.0.1', int(sys.argv[1]), username='git', known_hosts=None, kex_algs=sys.argv[2]) as c:
        r = await c.run('git-upload-pack ' + sys.argv[3], input='0000')
        print(r.exit_status, len(r.stdout))
asyncio.run(main())
`
const PARAMIKO = `
import paramiko, sys
c = paramiko.SSHClient()
c.set_missing_host_key_policy(paramiko.AutoAddPolicy())
c.connect('127.0.0.1', int(sys.argv[1]), username='git')
i, o, e = c.exec_command('git-upload-pack ' + sys.argv[3])
i.write('0000'); i.channel.shutdown_write()
out = o.read()
print(o.channel.recv_exit_status(), len(out))
`

describe('clients of ssh', () => {
  let gateway: RunningGateway
  let keeper: Pusher
  let path: string

  before(async () => {
    gateway = await startGateway({ env: { COUNTERSIGN_FORGE: 'stand-in' } })
    keeper = await pusher(gateway, 'keeper', gateway.enroll!)
    await useSsh(keeper.git, keeper.person, gateway)
    path = new URL(gateway.sample).pathname
  })
  after(() => gateway.stop())

  for (const [library, program, kex] of [
    ['asyncssh', ASYNCSSH, 'mlkem768x25519-sha256'],
    ['asyncssh', ASYNCSSH, 'curve25519-sha256'],
    ['paramiko', PARAMIKO, ''],
  ] as const)
    test(`${library} ${kex}`, async (t) => {
      const python = await pythonWith(library)
      if (python === undefined) {
        t.skip(`no Python with ${library} here`)
        return
      }
      const { code, stdout, stderr } = await run(
        [python, '-c', program, String(sshPort(gateway)), kex, `'${path}'`],
        {
          env: { SSH_AUTH_SOCK: keeper.agent.socket },
        },
      )
      assert.equal(code, 0, stderr)
      assert.match(stdout, /^0 \d{3}/)
      assert.match(
        (await ledgerEntries(gateway.home, 'ssh.login')).at(-1)?.['client'].version,
        new RegExp(library, 'i'),
      )
    })

  test('plink', { skip: has('plink') ? false : 'no plink on PATH' }, async () => {
    const argv = ['plink', '-ssh', '-batch', '-P', String(sshPort(gateway)), '-hostkey', gateway.sshHostKey]
    const { code, stdout, stderr } = await run([...argv, 'git@127.0.0.1', `git-upload-pack '${path}'`], {
      env: { SSH_AUTH_SOCK: keeper.agent.socket },
      input: '0000',
    })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /HEAD/)
  })

  describe('OpenSSH, with key files of a security key', { skip: has('cc') ? false : 'no C compiler' }, () => {
    let provider: SkProvider
    let dir: string
    before(async () => {
      dir = scratch('sk')
      provider = await startProvider(dir)
    })
    after(() => provider.close())

    for (const [type, options] of [
      ['ed25519-sk', []],
      ['ecdsa-sk', []],
      ['ed25519-sk', ['-O', 'verify-required']],
      ['ecdsa-sk', ['-O', 'verify-required']],
    ] as const) {
      const name = `${type}${options.length > 0 ? '-pin' : ''}`
      test(name, async () => {
        const file = join(dir, name)
        const made = await run(['ssh-keygen', '-q', '-t', type, ...options, '-N', '', '-f', file], {
          env: provider.env,
        })
        assert.equal(made.code, 0, made.stderr)
        const { stdout: line } = await run(['cat', `${file}.pub`])
        await addFile(file, line.trim())
        const ssh = `${keeper.git.env['GIT_SSH_COMMAND']} -o SecurityKeyProvider=${provider.env['SSH_SK_PROVIDER']} -o IdentitiesOnly=yes -i ${file}`
        const env = { ...keeper.git.env, ...provider.env, GIT_SSH_COMMAND: ssh }
        const listed = await run(['git', 'ls-remote', sshUrl(gateway, gateway.sample)], { env })
        assert.equal(listed.code, 0, listed.stderr)
        const login = (await ledgerEntries(gateway.home, 'ssh.login')).at(-1)!
        assert.deepEqual([login['proof'].up, login['proof'].uv], [true, options.length > 0])
      })
    }

    /** Enrol a key file as the portal's page says. */
    async function addFile(file: string, line: string): Promise<void> {
      const { person } = keeper
      await person.ask(`${gateway.portal}/devices/add-ssh-key`)
      const begun = await person.portal('/devices/add-ssh-key/begin', { key: line, path: file })
      assert.equal(begun.status, 200, JSON.stringify(begun.json))
      const signed = await run(['sh', '-c', begun.json['show'].command], { env: provider.env })
      assert.match(signed.stdout, /BEGIN SSH SIGNATURE/, signed.stderr)
      await person.approve('add-ssh-key', { name: 'Key file', signature: signed.stdout })
    }
  })
})
