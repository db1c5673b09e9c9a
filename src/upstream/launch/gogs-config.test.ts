import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gogsConfig } from './gogs-config.ts'

const settings = {
  home: '/srv/cs',
  port: 3001,
  externalUrl: 'https://git.example.com',
  headerName: 'X-Cs-00',
  secretKey: 'ab',
  runUser: 'git',
  ssh: null,
  open: false,
}

test('one way in: the header, from one address', () => {
  const text = gogsConfig(settings)
  const wanted = {
    auth: [
      'REQUIRE_SIGNIN_VIEW = true',
      'DISABLE_REGISTRATION = true',
      'ENABLE_REVERSE_PROXY_AUTHENTICATION = true',
      'ENABLE_REVERSE_PROXY_AUTO_REGISTRATION = false',
      'REVERSE_PROXY_AUTHENTICATION_HEADER = X-Cs-00',
      'TRUSTED_PROXY_IPS = 127.0.0.1/32',
    ],
    server: [
      'HTTP_ADDR = 127.0.0.1',
      'HTTP_PORT = 3001',
      'EXTERNAL_URL = https://git.example.com/',
      'DOMAIN = git.example.com',
      'LOCAL_ROOT_URL = http://127.0.0.1:3001/',
      'DISABLE_SSH = true',
      'START_SSH_SERVER = false',
    ],
    email: ['ENABLED = false'],
    prometheus: ['ENABLED = false'],
    security: ['INSTALL_LOCK = true', 'SECRET_KEY = ab'],
  }
  for (const [section, lines] of Object.entries(wanted)) {
    const part = text.split(`[${section}]\n`)[1]?.split('\n[')[0]?.split('\n') ?? []
    for (const line of lines) assert.ok(part.includes(line), `${section}: ${line}`)
  }
  assert.match(text, /^RUN_USER = git\n/)
})

test('SSH clone URLs are the gateway’s, and Gogs serves none itself', () => {
  const text = gogsConfig({ ...settings, ssh: { host: 'git.example.com', port: 2222 } })
  for (const line of [
    'DISABLE_SSH = false',
    'START_SSH_SERVER = false',
    'SSH_DOMAIN = git.example.com',
    'SSH_PORT = 2222',
    'SSH_ROOT_PATH = /srv/cs/ssh',
  ])
    assert.ok(text.split('\n').includes(line), line)
})

test('public repositories are shown to visitors only when asked', () => {
  assert.match(gogsConfig({ ...settings, open: true }), /^REQUIRE_SIGNIN_VIEW = false$/m)
})

test('a value that would become something else is refused', () => {
  for (const home of [
    '/srv/a\nINSTALL_LOCK = false',
    '/srv/$HOME',
    '/srv/`a',
    '/srv/%(x)s',
    '/srv/a;b',
    '/srv/a#b',
  ]) {
    assert.throws(() => gogsConfig({ ...settings, home }), /cannot be written/, home)
  }
})
