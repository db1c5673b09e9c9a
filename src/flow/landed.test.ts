import assert from 'node:assert/strict'
import { test } from 'node:test'
import { landed } from './landed.ts'

const [before, after] = ['1'.repeat(40), '2'.repeat(40)]
const NONE = '0'.repeat(40)
const ref = 'refs/heads/main'
const never = () => assert.fail('nothing to look into')

test('a repository that cannot be read tells nothing: neither done nor wrong', async () => {
  for (const move of [
    { ref, before, after: NONE },
    { ref, before, after },
    { ref, before, after: null },
    { ref, before, after: before },
  ]) {
    const [seen] = await landed([move], undefined, { refs: null, accepted: true }, never)
    assert.equal(seen?.status, 'unknown', JSON.stringify(move))
  }
})

test('a ref that is gone as was signed, or otherwise', async () => {
  const refs = new Map<string, string>()
  const told = { refs: null, accepted: true }
  assert.equal((await landed([{ ref, before, after: NONE }], refs, told, never))[0]?.status, 'ok')
  assert.equal((await landed([{ ref, before, after }], refs, told, never))[0]?.status, 'mismatch')
})
