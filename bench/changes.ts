import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'undici'
import { findGogs } from '../src/upstream/launch/gogs-process.ts'
import { type RunningGateway, startGateway } from '../test/support/gateway.ts'
import type { Person } from '../test/support/person.ts'
import { rssMiB } from '../test/support/process.ts'
import { enrolledPerson, inviteLink } from '../test/support/pusher.ts'
import { parkedId, sendForm } from '../test/support/web-change.ts'
import { interleaved, median } from './statistics.ts'
import { atMost, type Row, skipped } from './table.ts'

const PAGES = ['/user/settings', '/keeper/hello', '/explore/repos'] as const

/** What the gateway adds to a page that somebody waits for, and what a thousand changes that wait hold in memory. */
export async function changes(quick: boolean): Promise<Row[]> {
  const gogs = findGogs(process.env)
  return [
    ...(gogs === undefined
      ? [skipped('added to a page of Gogs, p50', '<= 1 ms', 'no gogs on PATH')]
      : await added('Gogs', {}, quick)),
    ...(await added('the stand-in', { COUNTERSIGN_FORGE: 'stand-in' }, quick)),
    await pending(1000),
  ]
}

/** One request after another on one connection, with and without the gateway, in turns. */
async function added(name: string, env: Record<string, string>, quick: boolean): Promise<Row[]> {
  const gateway = await startGateway({ env: { COUNTERSIGN_LOG: 'warn', ...env } })
  const clients: Client[] = []
  try {
    const person = await enrolledPerson(gateway, gateway.enroll!)
    await person.openForge('/')
    const address = JSON.parse(readFileSync(join(gateway.home, 'forge', 'address.json'), 'utf8')) as {
      url: string
      header: string
    }
    const direct = new Client(address.url)
    const through = new Client(gateway.url)
    clients.push(direct, through)
    const own = await direct.request({ method: 'GET', path: '/', headers: { [address.header]: 'keeper' } })
    await own.body.dump()
    const cookie = [own.headers['set-cookie'] ?? []].flat().map((one) => one.split(';', 1)[0])
    const session = person.cookie(gateway.url, 'countersign_forge')
    const ask = async (client: Client, path: string, headers: Record<string, string>): Promise<number> => {
      const began = performance.now()
      const answer = await client.request({
        method: 'GET',
        path,
        headers: { accept: 'text/html', ...headers },
      })
      await answer.body.text()
      if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode}`)
      return performance.now() - began
    }
    const rows: Row[] = []
    for (const path of PAGES) {
      const ways = [
        () => ask(direct, path, { [address.header]: 'keeper', cookie: cookie.join('; ') }),
        () => ask(through, path, { cookie: `countersign_forge=${session}` }),
      ]
      await interleaved(50, ways)
      const rounds = await interleaved(quick ? 300 : 1000, ways)
      const at = (way: 0 | 1): number => median(rounds.map((row) => row[way]!))
      rows.push(
        atMost(
          `added to ${path} of ${name}, p50`,
          at(1) - at(0),
          1,
          ' ms',
          `${at(0).toFixed(2)} to ${at(1).toFixed(2)} ms`,
        ),
      )
    }
    return rows
  } finally {
    for (const client of clients) await client.close()
    await gateway.stop()
  }
}

/** Changes that wait for a touch, of as many people as their limit asks for. */
async function pending(count: number): Promise<Row> {
  const gateway = await startGateway({ env: { COUNTERSIGN_LOG: 'warn', COUNTERSIGN_FORGE: 'stand-in' } })
  try {
    const keeper = await enrolledPerson(gateway, gateway.enroll!)
    await keeper.openForge('/')
    const people: Person[] = []
    for (let i = 0; i < count / 50; i++) {
      const person = await enrolledPerson(gateway, await inviteLink(keeper, `person${i}`))
      await person.openForge('/')
      people.push(person)
    }
    await park(gateway, people[0]!, 0)
    const before = rssMiB(gateway.pid)
    for (const person of people) for (let i = 1; i < 50; i++) await park(gateway, person, i)
    for (const person of people.slice(1)) await park(gateway, person, 0)
    const grown = Math.max(0, rssMiB(gateway.pid) - before)
    return atMost(`memory of ${count} changes that wait`, grown, 64, ' MiB')
  } finally {
    await gateway.stop()
  }
}

async function park(gateway: RunningGateway, person: Person, n: number): Promise<void> {
  const sent = await sendForm(gateway, person, '/org/create', { org_name: `org-${n}` })
  parkedId(gateway, sent)
}
