import { parseTileName } from '../../core/ledger/tile.ts'
import { refusal } from '../../core/refusal.ts'
import { refuse, type Visit } from '../visit.ts'

// The log as C2SP tlog-tiles has it, for whoever asks: entries are commitments, so they name nobody.

const NOT_THERE = refusal('not-found', 'The log has no such part, or not yet.')
/** What is served never changes; tlog-tiles asks for exactly this of tiles. */
const FOR_GOOD = 'public, max-age=31536000, immutable'

export async function checkpoint({ deps }: Visit): Promise<Response> {
  return text((await deps.ledger.checkpoint()).note)
}

/** The verifier key. Only as good as the way it came by: it is to be pinned, once. */
export function vkey({ deps }: Visit): Response {
  return text(`${deps.ledger.vkey}\n`)
}

export async function tile(visit: Visit): Promise<Response> {
  const name = parseTileName(new URL(visit.request.url).pathname.slice('/ledger/tile/'.length))
  const bytes = name.ok ? await visit.deps.ledger.tile(name.value) : undefined
  if (!bytes) return refuse(visit, NOT_THERE)
  return new Response(bytes as Uint8Array<ArrayBuffer>, {
    headers: { 'content-type': 'application/octet-stream', 'cache-control': FOR_GOOD },
  })
}

function text(body: string): Response {
  return new Response(body, {
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' },
  })
}
