import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { DEFAULTS } from '../settings.ts'
import { parseConfig } from './config.ts'

const NAMES =
  'forge: https://git.example.com\nportal: https://id.git.example.com\nlisten: { host: 0.0.0.0, port: 443 }\n'

function fault(text: string): string {
  const parsed = parseConfig(text, '/home')
  return parsed.ok ? 'accepted' : parsed.error
}

describe('countersign.yaml', () => {
  test('names, and everything else by default', () => {
    const parsed = parseConfig(`${NAMES}tls: { cert: tls/cert.pem, key: /etc/key.pem }\n`, '/home')
    assert.ok(parsed.ok)
    assert.deepEqual(parsed.value.names?.listen, { host: '0.0.0.0', port: 443 })
    assert.deepEqual(parsed.value.tls, { cert: '/home/tls/cert.pem', key: '/etc/key.pem' })
    const { sessions, holds, countersign, spool, lfs } = parsed.value
    const { reportOnly, ...rest } = DEFAULTS
    assert.deepEqual({ limits: sessions, holds, countersign, spool, lfs }, rest)
    assert.deepEqual([parsed.value.mode, parsed.value.reportOnly], ['enforce', []])
    assert.deepEqual(reportOnly, { all: false, repos: [] })
  })
  test('on loopback, with limits alone', () => {
    const parsed = parseConfig('holds: { seconds: 30 }\n', '/home')
    assert.ok(parsed.ok)
    assert.equal(parsed.value.names, null)
    assert.deepEqual(parsed.value.holds, { ...DEFAULTS.holds, seconds: 30 })
  })
  test('a database, whose password no fault and no dump shows', () => {
    const parsed = parseConfig('database: postgres://gate:swordfish@localhost/records\n', '/home')
    assert.ok(parsed.ok)
    assert.equal(parsed.value.database?.password(), 'swordfish')
    assert.doesNotMatch(JSON.stringify(parsed) + inspect(parsed, { depth: 9 }), /swordfish/)
    const refused = fault('log: info\ndatabase: postgres://gate:swordfish@db.example.com/records\n')
    assert.match(refused, /^countersign\.yaml:2: database: .*verify-full/)
    assert.doesNotMatch(refused, /swordfish/)
  })
  test('refused, naming file and line', () => {
    for (const [text, words] of [
      ['forge: https://git.example.com\n', /belong together/],
      [`${NAMES.replace('id.git', 'git')}`, /two host names/],
      [`${NAMES.replace('portal: https', 'portal: http')}`, /same scheme/],
      [`${NAMES}holds: { seconds: 4 }\n`, /countersign\.yaml:4: holds\.seconds/],
      [`${NAMES}holds: { seconds: 3600 }\n`, /countersign\.yaml:4: holds\.seconds/],
      [`${NAMES}countersign: { change: 61 }\n`, /countersign\.yaml:4: countersign\.change/],
      [`${NAMES}colour: red\n`, /countersign\.yaml:1: .*colour/],
      [`${NAMES}log: loud\n`, /countersign\.yaml:4: log/],
      ['mode: off\n', /countersign\.yaml:1: mode/],
      ['reportOnly: [acme]\n', /countersign\.yaml:1: reportOnly\.0: owner\/repository/],
      ['a: 1\na: 2\n', /countersign\.yaml:2: /],
      ['{', /countersign\.yaml:/],
    ] as const)
      assert.match(fault(text), words, text)
  })
})
