import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { verifySshsig } from '../ssh/sshsig.ts'
import { parseAdvertisement, rewriteAdvertisement } from './advertisement.ts'
import { HeadCollector } from './head-collector.ts'
import { parsePushCertificate } from './push-cert.ts'
import { type HeadState, readReceivePackHead, writeReceivePackHead } from './receive-pack.ts'
import type { RefUpdate } from './ref-update.ts'
import { ReportObserver } from './report-status.ts'

const vectors = join(import.meta.dirname, '../../../vectors/git')
const read = (...path: string[]): Buffer => readFileSync(join(vectors, ...path))
const json = <T>(...path: string[]): T => JSON.parse(read(...path).toString()) as T
function names(ending: string, ...path: string[]): string[] {
  const found = readdirSync(join(vectors, ...path))
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
  assert.ok(found.length > 0)
  return found
}

/** Through the collector, in chunks of the sizes given in turn. */
function collected(bytes: Buffer, sizes: readonly number[]): HeadState {
  const collector = new HeadCollector()
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const chunk = bytes.subarray(at, at + sizes[i % sizes.length]!)
    at += chunk.length
    const state = collector.push(chunk)
    if (state.kind === 'head') return { ...state, rest: Buffer.concat([state.rest, bytes.subarray(at)]) }
    if (state.kind !== 'need-more') return state
  }
  return collector.end()
}
const byteOrder = (a: RefUpdate, b: RefUpdate): number => (a.ref < b.ref ? -1 : 1)

describe('what stock git sends', () => {
  for (const name of names('.json', 'receive-pack', 'valid')) {
    const body = read('receive-pack', 'valid', `${name}.body`)
    const expected = json<{
      updates: RefUpdate[]
      shallow: string[]
      pushOptions: string[]
      certified: boolean
      head: number
    }>('receive-pack', 'valid', `${name}.json`)
    test(name, () => {
      const state = readReceivePackHead(body, true)
      assert.ok(state.kind === 'head')
      const { head, rest } = state
      assert.deepEqual([...head.updates].sort(byteOrder), expected.updates)
      assert.deepEqual(head.shallow, expected.shallow)
      assert.deepEqual(head.pushOptions, expected.pushOptions)
      assert.equal(body.length - rest.length, expected.head)
      assert.equal(head.certificate !== null, expected.certified)
      if (head.certificate) {
        const parsed = parsePushCertificate(head.certificate)
        assert.ok(parsed.ok)
        assert.deepEqual(parsed.value.updates, head.updates)
        assert.ok(verifySshsig(parsed.value.signature, parsed.value.text, 'git', null).ok)
      }
      const again = readReceivePackHead(writeReceivePackHead(head), true)
      assert.ok(again.kind === 'head' && again.rest.length === 0)
      assert.deepEqual(again.head, { ...head, certificate: null })
    })
    test(`${name}, in any chunks`, () => {
      const whole = readReceivePackHead(body, true)
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 9 }), (sizes) => {
          assert.deepEqual(collected(body, sizes), whole)
        }),
        { numRuns: 30 },
      )
    })
    test(`${name}, cut anywhere: never taken for whole`, () => {
      for (let end = 0; end < expected.head; end++) {
        const kind = readReceivePackHead(body.subarray(0, end), true).kind
        assert.equal(kind, 'error', String(end))
      }
    })
  }
  test('the probe', () =>
    assert.equal(readReceivePackHead(read('receive-pack/valid/probe.body'), true).kind, 'probe'))
})

for (const error of ['malformed', 'mixed', 'options-differ']) {
  describe(`refused as ${error}`, () => {
    for (const name of names('.body', 'receive-pack', 'invalid', error)) {
      const body = read('receive-pack', 'invalid', error, `${name}.body`)
      test(name, () => {
        assert.deepEqual(readReceivePackHead(body, true), { kind: 'error', error })
        for (const sizes of [[1], [7], [body.length]])
          assert.deepEqual(collected(body, sizes), { kind: 'error', error })
      })
    }
  })
}

describe('what stock git advertises', () => {
  for (const name of names('.json', 'advertisement', 'valid')) {
    const bytes = read('advertisement', 'valid', `${name}.adv`)
    test(name, () => {
      const parsed = parseAdvertisement(bytes)
      assert.ok(parsed.ok)
      assert.deepEqual(
        Object.fromEntries(parsed.value.refs),
        json<Record<string, string>>('advertisement', 'valid', `${name}.json`),
      )
    })
    test(`${name}: with our nonce, nothing else is changed`, () => {
      const before = parseAdvertisement(bytes)
      const out = rewriteAdvertisement(bytes, 'ours')
      const after = out.ok ? parseAdvertisement(out.value) : out
      assert.ok(before.ok && out.ok && after.ok)
      assert.deepEqual(after.value.capabilities, [
        ...before.value.capabilities.filter((word) => !word.startsWith('push-cert=')),
        'push-cert=ours',
      ])
      const lines = (text: Buffer): string[] =>
        text
          .toString('latin1')
          .replace(/[0-9a-f]{4}([0-9a-f]{40}|[0-9a-f]{64})(?= [^\0\n]+\0)/, '$1')
          .replace(/ push-cert=\S+/, '')
          .split('\n')
      assert.deepEqual(lines(out.value), lines(bytes))
    })
  }
  for (const name of names('.adv', 'advertisement', 'invalid')) {
    test(`refused: ${name}`, () =>
      assert.deepEqual(parseAdvertisement(read('advertisement', 'invalid', `${name}.adv`)), {
        ok: false,
        error: 'malformed',
      }))
  }
})

describe('what stock git reports', () => {
  for (const name of names('.json', 'report-status', 'valid')) {
    test(`${name}, in any chunks; cut short it is no report`, () => {
      const bytes = read('report-status', 'valid', `${name}.report`)
      const { sideBand, refs } = json<{ sideBand: boolean; refs: object[] }>(
        'report-status',
        'valid',
        `${name}.json`,
      )
      for (let size = 1; size <= bytes.length; size++) {
        const observer = new ReportObserver(sideBand ? ['side-band-64k'] : [])
        for (let at = 0; at < bytes.length; at += size) observer.push(bytes.subarray(at, at + size))
        assert.deepEqual(observer.refs(), refs)
      }
      const inner = sideBand ? bytes.length - 4 : bytes.length // the side band's own flush tells nothing
      for (let end = 0; end < inner; end++) {
        const observer = new ReportObserver(sideBand ? ['side-band-64k'] : [])
        observer.push(bytes.subarray(0, end))
        assert.equal(observer.refs(), null, String(end))
      }
    })
  }
})
