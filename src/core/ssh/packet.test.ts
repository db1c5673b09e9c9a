import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MAX_PACKET, PacketKey, readPacket, writePacket } from './packet.ts'

const keys = {
  none: (): null => null,
  aes128: (): PacketKey => new PacketKey(Buffer.alloc(16, 1), Buffer.alloc(12, 2)),
  aes256: (): PacketKey => new PacketKey(Buffer.alloc(32, 1), Buffer.alloc(12, 0xff)),
}

for (const [name, key] of Object.entries(keys)) {
  describe(`packets, ${name}`, () => {
    test('what is written is read, one behind the other', () => {
      fc.assert(
        fc.property(
          fc.array(fc.uint8Array({ minLength: 1, maxLength: 100 }), { maxLength: 8 }),
          (payloads) => {
            const [write, read] = [key(), key()]
            const bytes = Buffer.concat(payloads.flatMap((payload) => writePacket(payload, write)))
            let at = 0
            for (const payload of payloads) {
              const packet = readPacket(bytes, at, read)
              assert.ok(packet.kind === 'packet')
              assert.deepEqual(Buffer.from(packet.payload), Buffer.from(payload))
              at += packet.size
            }
            assert.equal(readPacket(bytes, at, read).kind, 'need-more')
          },
        ),
      )
    })
    test('a part of one is waited for', () => {
      const bytes = Buffer.concat(writePacket(Buffer.from('payload'), key()))
      for (let length = 0; length < bytes.length; length++)
        assert.equal(readPacket(bytes.subarray(0, length), 0, key()).kind, 'need-more')
    })
    test('a length that no packet has is refused at its fourth byte', () => {
      for (const length of [0, 1, 5, 13, MAX_PACKET + 16, 0x7fff_ffff, 0xffff_ffff]) {
        const bytes = Buffer.alloc(4)
        bytes.writeUInt32BE(length)
        assert.equal(readPacket(bytes, 0, key()).kind, 'malformed', String(length))
      }
    })
    test('nothing throws', () => {
      fc.assert(fc.property(fc.uint8Array(), (bytes) => void readPacket(Buffer.from(bytes), 0, key())))
    })
  })
}

test('no byte of a sealed packet changes unnoticed, nor its place in the row', () => {
  const write = keys.aes128()
  const [first, second] = ['one', 'two'].map((text) => Buffer.concat(writePacket(Buffer.from(text), write)))
  for (let at = 4; at < first!.length; at++) {
    const changed = Buffer.from(first!)
    changed[at]! ^= 1
    assert.equal(readPacket(changed, 0, keys.aes128()).kind, 'forged')
  }
  assert.equal(readPacket(second!, 0, keys.aes128()).kind, 'forged')
})

test('padding that leaves no payload is refused', () => {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt32BE(12)
  for (const padding of [0, 3, 11, 12, 255]) {
    bytes[4] = padding
    assert.equal(readPacket(bytes, 0, null).kind, 'malformed')
  }
})

test('the nonce counts beyond a byte, and never runs over its fixed part', () => {
  const write = new PacketKey(Buffer.alloc(16), Buffer.from('00112233fffffffffffffffe', 'hex'))
  const read = new PacketKey(Buffer.alloc(16), Buffer.from('00112233fffffffffffffffe', 'hex'))
  const again = new PacketKey(Buffer.alloc(16), Buffer.from('001122330000000000000000', 'hex'))
  const packets = [1, 2, 3].map((n) => Buffer.concat(writePacket(Buffer.from([n]), write)))
  for (const packet of packets.slice(0, 2)) assert.equal(readPacket(packet, 0, read).kind, 'packet')
  assert.equal(readPacket(packets[2]!, 0, again).kind, 'packet')
})
