import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readFields } from './fields.ts'

const form = (body: string): Request =>
  new Request('http://localhost/', {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
const json = (body: string): Request =>
  new Request('http://localhost/', { method: 'POST', body, headers: { 'content-type': 'application/json' } })

test('exactly the fields that belong to it', async () => {
  assert.deepEqual(await readFields(form('name=blue+key'), { name: 60 }), {
    ok: true,
    value: { name: 'blue key' },
  })
  assert.deepEqual(
    await readFields(json('{"a":"1","credential":{"id":"x"}}'), { a: 5, credential: 'object' }),
    {
      ok: true,
      value: { a: '1', credential: { id: 'x' } },
    },
  )
  assert.deepEqual(await readFields(json('{}'), {}), { ok: true, value: {} })
})

test('missing, unknown, double, long and wrong fields are refused', async () => {
  for (const request of [
    form(''),
    form('name=a&name=b'),
    form('name=a&more=b'),
    form('name=abcdef'),
    form('__proto__=a'),
    json('{"name":1}'),
    json('{"name":["a"]}'),
    json('{"name":null}'),
    json('["name"]'),
    json('null'),
    json('{"name":"a"'),
    json('{"name":"a","toString":"b"}'),
  ]) {
    const result = await readFields(request, { name: 5 })
    assert.ok(!result.ok)
    assert.equal(result.error.reason, 'bad-request')
  }
  assert.ok(!(await readFields(json('{"credential":[]}'), { credential: 'object' })).ok)
  assert.ok(!(await readFields(form('credential=x'), { credential: 'object' })).ok)
})

test('a body above 256 KiB is refused as too large', async () => {
  const result = await readFields(form(`name=${'a'.repeat(256 * 1024)}`), { name: 5 })
  assert.equal(result.ok ? '' : result.error.reason, 'too-large')
})

test('never throws', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json()), fc.boolean(), async (body, asForm) => {
      await readFields(asForm ? form(body) : json(body), { name: 5, credential: 'object' })
    }),
  )
})
