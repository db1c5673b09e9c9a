import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { DatabaseUrl, parseDatabaseUrl } from './database-url.ts'

describe('database', () => {
  for (const [text, printed, place, password] of [
    [
      'postgres://gate:p%40ss%2F@127.0.0.1/countersign',
      'postgres://gate@127.0.0.1:5432/countersign',
      { host: '127.0.0.1', port: 5432, user: 'gate', name: 'countersign', tls: null },
      'p@ss/',
    ],
    [
      'postgresql://gate@localhost:6432/x',
      'postgres://gate@localhost:6432/x',
      { host: 'localhost', port: 6432, user: 'gate', name: 'x', tls: null },
      '',
    ],
    [
      'postgres://gate:x@[::1]/x',
      'postgres://gate@[::1]:5432/x',
      { host: '::1', port: 5432, user: 'gate', name: 'x', tls: null },
      'x',
    ],
    [
      'postgres://gate@localhost/x?host=/run/postgresql',
      'postgres://gate@/run/postgresql/x',
      { host: '/run/postgresql', port: 5432, user: 'gate', name: 'x', tls: null },
      '',
    ],
    [
      'postgres://gate:x@db.example.com/x?sslmode=verify-full&sslrootcert=/etc/ca.pem',
      'postgres://gate@db.example.com:5432/x',
      { host: 'db.example.com', port: 5432, user: 'gate', name: 'x', tls: { ca: '/etc/ca.pem' } },
      'x',
    ],
  ] as const)
    test(printed, () => {
      const url = parseDatabaseUrl(text)
      assert.ok(url.ok, JSON.stringify(url))
      assert.deepEqual(url.value.place, place)
      assert.equal(url.value.password(), password)
      assert.equal(`${url.value}`, printed)
    })

  for (const [text, words] of [
    ['', /of the form/],
    ['countersign', /of the form/],
    ['mysql://gate:x@localhost/x', /of the form/],
    ['postgres://localhost/x', /of the form/],
    ['postgres://gate@localhost', /of the form/],
    ['postgres://gate@localhost/', /of the form/],
    ['postgres://gate@localhost/a/b', /of the form/],
    ['postgres://gate:%zz@localhost/x', /of the form/],
    ['postgres://gate:%00@localhost/x', /of the form/],
    ['postgres://gate@localhost/x#y', /of the form/],
    ['postgres://gate@/x', /of the form/],
    ['postgres://gate@localhost/x?host=relative', /directory/],
    ['postgres://gate@db.example.com/x?host=/run', /Unix socket of localhost/],
    ['postgres://gate@localhost/x?options=-c', /options are/],
    ['postgres://gate@localhost/x?sslmode=verify-full&sslmode=disable', /each once/],
    ['postgres://gate@localhost/x?sslmode=require', /verify-full or disable/],
    ['postgres://gate@db.example.com/x', /needs sslmode=verify-full/],
    ['postgres://gate@127.0.0.1.example.com/x', /needs sslmode=verify-full/],
  ] as const)
    test(`refused: ${text}`, () => {
      const url = parseDatabaseUrl(text)
      assert.match(url.ok ? 'accepted' : url.error, words)
    })

  test('the password is never printed, and never in the words of a refusal', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{12,20}$/), fc.webUrl(), (password, tail) => {
        const url = parseDatabaseUrl(`postgres://gate:${password}@${tail}`)
        if (!url.ok) assert.ok(!url.error.includes(password))
        const place = { host: 'localhost', port: 1, user: 'gate', name: 'x', tls: null }
        const made = new DatabaseUrl(place, password)
        for (const shown of [`${made}`, JSON.stringify(made), inspect(made, { showHidden: true, depth: 9 })])
          assert.ok(!shown.includes(password))
        assert.equal(made.password(), password)
      }),
    )
  })

  test('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseDatabaseUrl(`postgres://${text}`)))
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseDatabaseUrl(text)))
  })
})
