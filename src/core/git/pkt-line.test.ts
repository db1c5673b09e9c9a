import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { FLUSH, MAX_PKT, readPacket, writePktLine } from './pkt-line.ts'

const kind = (text: string): string => readPacket(Buffer.from(text, 'latin1'), 0).kind

describe('pkt-lines', () => {
  test('written and read back, wherever they stand', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), (payload, at) => {
        const wire = Buffer.concat([Buffer.alloc(at), writePktLine(payload), FLUSH])
        const packet = readPacket(wire, at)
        assert.ok(packet.kind === 'data')
        assert.deepEqual(packet.payload, Buffer.from(payload))
        assert.equal(readPacket(wire, at + packet.size).kind, 'flush')
      }),
    )
  })
  test('the payload is a view: nothing is copied', () => {
    const wire = writePktLine('abc')
    const packet = readPacket(wire, 0)
    wire[4] = 0x7a
    assert.equal(packet.kind === 'data' && packet.payload.toString(), 'zbc')
  })
  test('the largest one, and one byte more', () => {
    const largest = Buffer.alloc(MAX_PKT - 4)
    assert.equal(writePktLine(largest).toString('latin1', 0, 4), 'fff0')
    assert.equal(readPacket(writePktLine(largest), 0).kind, 'data')
    assert.throws(() => writePktLine(Buffer.alloc(MAX_PKT - 3)), RangeError)
    assert.equal(kind('fff1'), 'malformed')
    assert.equal(kind('ffff'), 'malformed')
  })
  test('an empty line is no flush', () => {
    const packet = readPacket(Buffer.from('0004'), 0)
    assert.ok(packet.kind === 'data' && packet.payload.length === 0)
  })
  test('refused: lengths below four, and spellings that number parsers take', () => {
    for (const text of [
      '0001',
      '0002',
      '0003',
      '-001',
      '+010',
      ' 010',
      '0x10',
      '1e01',
      '00 8',
      '\xef\xbc\x91\xef',
      'g000',
    ])
      assert.equal(kind(`${text}`), text === '1e01' ? 'need-more' : 'malformed', text)
    assert.equal(kind('000A123456'), 'data', 'git takes either case')
  })
  test('a part of one is waited for', () => {
    const wire = writePktLine('abc')
    for (let end = 0; end < wire.length; end++)
      assert.equal(readPacket(wire.subarray(0, end), 0).kind, 'need-more')
  })
  test('text is one byte a character', () => {
    assert.equal(writePktLine('\xe4').toString('hex'), '30303035e4')
  })
})
