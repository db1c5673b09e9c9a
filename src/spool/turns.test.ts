import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as tick } from 'node:timers/promises'
import { Turns } from './turns.ts'

const never = new AbortController().signal

describe('turns', () => {
  test('no more at once than there are, accounts in rotation', async () => {
    const turns = new Turns(1)
    const order: string[] = []
    const first = await turns.take('a', never)
    const work = async (account: string): Promise<void> => {
      const release = await turns.take(account, never)
      order.push(account)
      await tick()
      release!()
    }
    const all = ['a', 'a', 'a', 'b', 'c', 'b'].map(work)
    await tick()
    assert.deepEqual(order, [])
    first!()
    first!() // twice gives no second turn
    await Promise.all(all)
    assert.deepEqual(order, ['a', 'b', 'c', 'a', 'b', 'a'])
    const [one, two] = [turns.take('x', never), turns.take('x', never)]
    ;(await one)!()
    assert.ok(await two)
  })
  test('who leaves while waiting gets none and takes none from others', async () => {
    const turns = new Turns(1)
    const first = await turns.take('a', never)
    const left = new AbortController()
    const waiting = turns.take('b', left.signal)
    const other = turns.take('b', never)
    left.abort()
    assert.equal(await waiting, undefined)
    first!()
    assert.ok(await other)
    assert.equal(await turns.take('c', left.signal), undefined)
  })
})
