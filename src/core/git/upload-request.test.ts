import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { sshAdvertisement, UploadAnswer, UploadRequest } from './upload-request.ts'

const id = (digit: string): string => digit.repeat(40)
const pkt = (text: string): string => (text.length + 4).toString(16).padStart(4, '0') + text
const WANT = pkt(`want ${id('a')} multi_ack_detailed side-band-64k ofs-delta\n`)
const have = (digit: string): string => pkt(`have ${id(digit)}\n`)
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

/** All turns of what a client says at once. */
function turns(text: string): { request: UploadRequest; kinds: string[]; requests: string[] } {
  const request = new UploadRequest()
  request.push(bytes(text))
  const [kinds, requests]: [string[], string[]] = [[], []]
  for (;;) {
    const turn = request.next()
    assert.ok(turn.ok, JSON.stringify(turn))
    if (!turn.value) return { request, kinds, requests }
    kinds.push(turn.value.kind)
    if ('request' in turn.value) requests.push(turn.value.request.toString('latin1'))
  }
}

describe('what a client says', () => {
  test('nothing wanted', () => assert.deepEqual(turns('0000').kinds, ['end']))
  test('a clone', () => {
    const { kinds, requests } = turns(`${WANT}0000${pkt('done\n')}`)
    assert.deepEqual(kinds, ['done'])
    assert.deepEqual(requests, [`${WANT}0000${pkt('done\n')}`])
  })
  test('rounds of haves: wants anew, what is common anew, the others once', () => {
    const { request, kinds, requests } = turns(`${WANT}0000${have('1')}${have('2')}0000`)
    assert.deepEqual([kinds, requests], [['haves'], [`${WANT}0000${have('1')}${have('2')}0000`]])
    request.acknowledged(id('2'))
    request.push(bytes(`${have('3')}0000${have('4')}${pkt('done\n')}`))
    const [third, last] = [request.next(), request.next()]
    assert.ok(third.ok && third.value?.kind === 'haves' && last.ok && last.value?.kind === 'done')
    assert.equal(third.value.request.toString(), `${WANT}0000${have('2')}${have('3')}0000`)
    assert.equal(last.value.request.toString(), `${WANT}0000${have('2')}${have('4')}${pkt('done\n')}`)
  })
  test('a deepening is a turn of its own', () => {
    const wants = `${WANT}${pkt(`shallow ${id('b')}\n`)}${pkt('deepen 3\n')}${pkt('filter blob:none\n')}0000`
    const { kinds, requests, request } = turns(`${wants}${pkt('done\n')}`)
    assert.deepEqual(kinds, ['deepen', 'done'])
    assert.deepEqual(requests, [wants, `${wants}${pkt('done\n')}`])
    assert.ok(request.deepens)
  })
  test('however it is cut into chunks', () => {
    const text = `${WANT}0000${have('1')}0000${pkt('done\n')}`
    for (let at = 0; at <= text.length; at++) {
      const request = new UploadRequest()
      const kinds: string[] = []
      for (const part of [text.slice(0, at), text.slice(at)]) {
        request.push(bytes(part))
        for (let turn = request.next(); turn.ok && turn.value; turn = request.next())
          kinds.push(turn.value.kind)
      }
      assert.deepEqual(kinds, ['haves', 'done'])
    }
  })
  for (const [what, text] of [
    ['a have before the wants', have('1')],
    ['an option before the wants', pkt('deepen 1\n')],
    ['a want among the haves', `${WANT}0000${WANT}`],
    ['a short id', pkt('want abc\n')],
    ['another line', `${WANT}${pkt('want-ref refs/heads/x\n')}`],
    ['a length of no packet', 'zzzz'],
    ['something behind the end', `${WANT}0000${pkt('done\n')}0000`],
  ] as const)
    test(`refused: ${what}`, () => {
      const request = new UploadRequest()
      request.push(bytes(text))
      let turn = request.next()
      while (turn.ok && turn.value) turn = request.next()
      assert.equal(turn.ok, false)
    })
})

describe('what goes back', () => {
  const told = (request: UploadRequest, turn: 'deepen' | 'haves' | 'done', text: string): string => {
    const answer = new UploadAnswer(request, turn)
    const part = answer.push(bytes(text))
    return part.kind === 'part'
      ? `${part.bytes.toString('latin1')}|${part.over}|${answer.rest.toString('latin1')}`
      : part.kind
  }
  const ack = (digit: string, how: string): string => pkt(`ACK ${id(digit)}${how}\n`)
  const NAK = pkt('NAK\n')

  test('each common object once, readiness always, and the pack as it is', () => {
    const { request } = turns(`${WANT}0000${have('1')}0000`)
    assert.equal(told(request, 'haves', `${ack('1', ' common')}${NAK}`), `${ack('1', ' common')}${NAK}|true|`)
    assert.equal(
      told(request, 'haves', `${ack('1', ' common')}${ack('2', ' ready')}${NAK}`),
      `${ack('2', ' ready')}${NAK}|true|`,
    )
    assert.equal(
      told(request, 'done', `${ack('1', ' common')}${ack('1', '')}0006\u0001PACK`),
      `${ack('1', '')}|true|0006\u0001PACK`,
    )
    assert.equal(told(request, 'done', `${NAK}PACK....`), `${NAK}|true|PACK....`)
  })
  test('of a deepening the shallow section, once', () => {
    const { request } = turns(`${WANT}${pkt('deepen 1\n')}0000`)
    const section = `${pkt(`shallow ${id('c')}`)}${pkt(`unshallow ${id('d')}`)}0000`
    assert.equal(told(request, 'deepen', `${section}${NAK}`), `${section}|true|${NAK}`)
    assert.equal(told(request, 'done', `${section}${NAK}PACK`), `${NAK}|true|PACK`)
  })
  test('a client of one ACK hears it once, and nothing more before the pack', () => {
    const { request } = turns(`${pkt(`want ${id('a')} ofs-delta\n`)}0000${have('1')}0000`)
    assert.equal(told(request, 'haves', ack('1', '')), `${ack('1', '')}|false|`)
    assert.equal(told(request, 'done', `${ack('1', '')}PACK`), '|true|PACK')
    assert.ok(new UploadAnswer(request, 'haves').end())
    assert.ok(!new UploadAnswer(request, 'done').end())
  })
  test('an error is told', () => {
    const { request } = turns(`${WANT}0000`)
    const error = pkt('ERR upload-pack: not our ref')
    assert.equal(told(request, 'done', error), `${error}|true|`)
  })
  test('anything else is not passed on', () => {
    const { request } = turns(`${WANT}0000`)
    for (const text of ['0000', pkt('hello\n'), 'PACK', pkt(`ACK ${id('1')} maybe\n`)])
      assert.equal(told(request, 'done', text), 'malformed')
  })
  test('nothing throws', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.constantFrom('deepen', 'haves', 'done'), (lines, turn) => {
        const text = lines.map((line) => pkt(line)).join('')
        const request = new UploadRequest()
        for (const part of [WANT, text]) request.push(bytes(part))
        for (let next = request.next(); next.ok && next.value; next = request.next());
        new UploadAnswer(request, turn as 'done').push(bytes(text))
        sshAdvertisement(bytes(text))
      }),
    )
  })
})

test('the advertisement, without what HTTP alone has', () => {
  const line = (words: string): string => pkt(`${id('a')} HEAD\0${words}\n`)
  const rest = `${pkt(`${id('a')} refs/heads/main\n`)}0000`
  const service = `${pkt('# service=git-upload-pack\n')}0000`
  const made = sshAdvertisement(bytes(`${service}${line('multi_ack no-done agent=git/2')}${rest}`))
  assert.ok(made.ok)
  assert.equal(made.value.toString('latin1'), `${line('multi_ack agent=git/2')}${rest}`)
  for (const text of [rest, service, `${service}${rest}`, '']) assert.ok(!sshAdvertisement(bytes(text)).ok)
  const empty = sshAdvertisement(bytes(`${service}0000`))
  assert.ok(empty.ok && empty.value.toString() === '0000')
})
