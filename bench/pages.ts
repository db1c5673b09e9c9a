import { randomBytes } from 'node:crypto'
import { createGogsForge } from '../src/upstream/gogs/gogs-forge.ts'
import { scratch } from '../test/support/gateway.ts'
import { cpuMs } from '../test/support/process.ts'
import { enrolledPerson } from '../test/support/pusher.ts'
import { gatewayBefore } from './behind.ts'
import { startChild } from './child.ts'
import type { FixedForge } from './fixed-forge.ts'
import type { LoadReply } from './load.ts'
import { startNginx } from './nginx.ts'
import { startOauth2Proxy } from './oauth2-proxy.ts'
import type { Rival } from './rival.ts'
import { interleaved, median } from './statistics.ts'
import { atLeast, atMost, type Row, skipped } from './table.ts'

const PAGE = '/keeper/page'
const BYTES = 12 * 1024
const CONNECTIONS = 16
const SERVICE = 'countersign'

/** What a browser sends for a page. */
const BROWSER = {
  'user-agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'accept-language': 'en-US,en;q=0.9',
  'accept-encoding': 'gzip, deflate, br',
  'sec-fetch-dest': 'document',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-site': 'same-origin',
  'upgrade-insecure-requests': '1',
}

/** Processor time for one page, session and policy on, against what does less in front of the same forge. */
export async function pages(quick: boolean): Promise<Row[]> {
  const undo: (() => Promise<unknown>)[] = []
  try {
    const header = `X-Bench-${randomBytes(8).toString('hex')}`
    const upstream = await startChild<FixedForge>(
      'fixed-forge.ts',
      scratch('bench-fixed'),
      header,
      SERVICE,
      PAGE,
      String(BYTES),
    )
    undo.push(() => upstream.stop())
    const { url } = upstream.ready
    const ours = await startOurs(url, header)
    undo.push(() => ours.stop())
    const bare = await startBare(url)
    undo.push(() => bare.stop())
    const nginx = await startNginx(url)
    const oauth2 = await startOauth2Proxy(url)
    const rivals = [ours, bare, nginx, oauth2].filter((rival) => typeof rival !== 'string')
    undo.push(...rivals.slice(2).map((rival) => () => rival.stop()))
    const generator = await startChild<LoadReply>('load.ts')
    undo.push(() => generator.stop())

    const load = async ({ name, origin, headers }: Rival, requests: number): Promise<void> => {
      const { error } = await generator.ask({
        origin,
        path: PAGE,
        headers: { ...BROWSER, ...headers },
        requests,
        connections: CONNECTIONS,
        bytes: BYTES,
      })
      if (error !== null) throw new Error(`${name}: ${error}`)
    }
    for (const rival of rivals) await load(rival, 4000)
    const requests = quick ? 2000 : 4000
    const rounds = await interleaved(
      quick ? 11 : 21,
      rivals.map((rival) => async () => {
        const before = cpuMs(rival.pid)
        await load(rival, requests)
        return (cpuMs(rival.pid) - before) / requests
      }),
    )
    const at = (rival: Rival): number => rivals.indexOf(rival)
    const micros = (rival: Rival): string =>
      `${(median(rounds.map((row) => row[at(rival)]!)) * 1000).toFixed(0)} us`
    const ratio = (over: Rival, under: Rival): number =>
      median(rounds.map((row) => row[at(over)]! / row[at(under)]!))
    const against = (rival: Rival): string => `${micros(ours)} to ${micros(rival)}`
    return [
      atMost('CPU per page, to a bare undici proxy', ratio(ours, bare), 1.3, 'x', against(bare)),
      typeof nginx === 'string'
        ? skipped('CPU per page, to nginx proxy_pass', '<= 5x', nginx)
        : atMost('CPU per page, to nginx proxy_pass', ratio(ours, nginx), 5, 'x', against(nginx)),
      typeof oauth2 === 'string'
        ? skipped('CPU per page, oauth2-proxy to ours', '>= 3.5x', oauth2)
        : atLeast('CPU per page, oauth2-proxy to ours', ratio(oauth2, ours), 3.5, 'x', against(oauth2)),
    ]
  } finally {
    while (undo.length > 0) await undo.pop()!()
  }
}

async function startOurs(url: string, header: string): Promise<Rival> {
  const gateway = await gatewayBefore({ url, header, serviceAccount: SERVICE })
  const person = await enrolledPerson(gateway, gateway.enroll!)
  const forge = createGogsForge({
    name: 'fixed',
    origin: url,
    headerName: header,
    serviceUser: SERVICE,
    instance: 'be',
  })
  await forge.createRepo('keeper', 'page', { private: true, readme: true })
  await forge.close()
  const opened = await person.openForge(PAGE)
  if (opened.status !== 200)
    throw new Error(`the page answered ${opened.status}: ${opened.text.slice(0, 200)}`)
  const session = person.cookie(gateway.url, 'countersign_forge')
  return {
    name: 'countersign',
    pid: gateway.pid,
    origin: gateway.url,
    headers: { cookie: `lang=en-US; countersign_forge=${session}` },
    stop: () => gateway.stop(),
  }
}

async function startBare(url: string): Promise<Rival> {
  const child = await startChild<{ origin: string }>('bare-proxy.ts', url)
  return {
    name: 'bare undici',
    pid: child.pid,
    origin: child.ready.origin,
    // The same bytes come in, though nobody looks at them.
    headers: { cookie: `lang=en-US; countersign_forge=${'x'.repeat(43)}` },
    stop: () => child.stop(),
  }
}
