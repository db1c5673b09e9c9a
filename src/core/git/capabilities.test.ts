import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { idLength, parseCapabilities } from './capabilities.ts'
import { FLUSH, writePktLine } from './pkt-line.ts'
import { readReceivePackHead } from './receive-pack.ts'

const A = '1'.repeat(40)
const LONG = 'a'.repeat(64)

describe('capabilities of a push', () => {
  test('refused: a value where git has a flag, since git reads the flag', () => {
    for (const word of [
      'push-options=x',
      'push-options=',
      'side-band-64k=1',
      'atomic=',
      'push-cert=n',
      'x=y',
    ])
      assert.equal(parseCapabilities(`report-status ${word}`), undefined, word)
  })
  test('refused: white space that git splits at and we do not, controls, bytes beyond ASCII', () => {
    for (const list of ['a\tpush-options', 'a\npush-options', 'a\rb', 'a\0b', 'a\x7f', 'agent=\xe4'])
      assert.equal(parseCapabilities(list), undefined, JSON.stringify(list))
  })
  test('refused: two object formats, and a list that would not fit again', () => {
    assert.equal(parseCapabilities('object-format=sha1 object-format=sha256'), undefined)
    assert.equal(parseCapabilities('a'.repeat(8193)), undefined)
    assert.ok(parseCapabilities('a'.repeat(8192)))
  })
  test('what git and its relatives send', () => {
    const list =
      'report-status-v2 side-band-64k push-options atomic quiet object-format=sha1 agent=git/2.39.5 session-id=1-2'
    assert.deepEqual(parseCapabilities(` ${list}`), list.split(' '))
  })
  test('ids are of the format agreed on', () => {
    assert.equal(idLength([]), 40)
    assert.equal(idLength(['object-format=sha1']), 40)
    assert.equal(idLength(['object-format=sha256']), 64)
    assert.equal(idLength(['object-format=md5']), undefined)
  })
})

describe('ids in a push', () => {
  const head = (caps: string, id: string, shallow = ''): string =>
    readReceivePackHead(
      Buffer.concat([
        ...(shallow ? [writePktLine(`shallow ${shallow}\n`)] : []),
        writePktLine(`${id} ${id} refs/heads/main\0 ${caps}`),
        FLUSH,
      ]),
      true,
    ).kind

  test('of the format agreed on', () => {
    assert.equal(head('x', A, A), 'head')
    assert.equal(head('object-format=sha256', LONG, LONG), 'head')
  })
  test('refused: of another one, as command or as shallow point', () => {
    assert.equal(head('x', LONG), 'error')
    assert.equal(head('object-format=sha256', A), 'error')
    assert.equal(head('x', A, LONG), 'error')
    assert.equal(head('object-format=md5', A), 'error')
  })
})
