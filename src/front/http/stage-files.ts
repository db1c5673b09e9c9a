import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { FlowContext } from '../../flow/context.ts'
import type { Outcome } from '../../flow/outcome.ts'
import { known, type Passage } from '../../flow/passage.ts'
import { collect } from './collect.ts'
import { letBodyCome } from './continue.ts'
import { readForm } from './read-form.ts'
import { type RenderRefusal, refuseHttp } from './refusal-to-http.ts'

// Files that a page uploads before the form that commits them. They are kept here and not at the forge, whose own store knows
// neither whose they are nor what is in them.

/** What a multipart body has besides the file: boundaries, fields of the part, the token. */
const AROUND = 64 * 1024
/** Files that are read at once, of all people together: each is held whole until it is on disk. */
const AT_ONCE = 8
const PARTS_AT_MOST = 4
/** How long one may take, ms: whoever sends slower than that keeps others from sending at all. */
const PATIENCE = 2 * 60_000
let reading = 0

const NO_FILE = refusal('bad-request', 'This is sent as a form with one file.', 'Use the form on the page.')
const BUSY = refusal('rate-limited', 'Too many files are uploaded at once.', 'Try again in a moment.')
const NO_RIGHT = refusal(
  'denied',
  'You may read this repository, but not add files to it.',
  'Ask its owner for write access.',
)

/** Keep one uploaded file, and answer with the word that the page's form will send for it. */
export async function takeFile(
  req: IncomingMessage,
  res: ServerResponse,
  passage: Passage,
  ctx: FlowContext,
  render: RenderRefusal,
): Promise<Outcome> {
  const kept = await keep(req, res, passage, ctx)
  if (!kept.ok) return refused(req, res, kept.error, render)
  res
    .writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
    .end(JSON.stringify({ uuid: kept.value }))
  return { kind: 'answered', status: 200, refs: null, accepted: true }
}

/** Forget an uploaded file; one that is not there is forgotten already. */
export async function dropFile(
  req: IncomingMessage,
  res: ServerResponse,
  passage: Passage,
  ctx: FlowContext,
  render: RenderRefusal,
): Promise<Outcome> {
  letBodyCome(req, res)
  const form = await readForm(req)
  if (!form.ok) return refused(req, res, form.error, render)
  for (const [name, value] of form.value)
    if (name === 'file') await ctx.stage.remove(stagedBy(passage), value)
  res.writeHead(204, { 'cache-control': 'no-store' }).end()
  return { kind: 'answered', status: 204, refs: null, accepted: true }
}

async function keep(
  req: IncomingMessage,
  res: ServerResponse,
  passage: Passage,
  { stage }: FlowContext,
): Promise<Result<string, Refusal>> {
  if (passage.repo && !passage.repo.permissions.push) return err(NO_RIGHT)
  const type = req.headers['content-type'] ?? ''
  if (!/^multipart\/form-data;/i.test(type) || req.headers['content-encoding'] !== undefined)
    return err(NO_FILE)
  if (reading >= AT_ONCE) return err(BUSY)
  reading++
  const late = setTimeout(() => req.destroy(), PATIENCE)
  try {
    letBodyCome(req, res)
    // Whoever is refused half way reads on what still comes, so that the client hears the answer.
    const body = await collect(req.iterator({ destroyOnReturn: false }), stage.limits.fileBytes + AROUND)
    if (!body) return err(refusal('too-large', 'The file is too large.', 'Commit it with git, and push it.'))
    const file = await fileIn(body, type)
    if (!file) return err(NO_FILE)
    const staged = await stage.add(stagedBy(passage), file.name, new Uint8Array(await file.arrayBuffer()))
    return staged.ok ? ok(staged.value.id) : staged
  } finally {
    clearTimeout(late)
    reading--
  }
}

/** The one file of a form (RFC 7578) that has no other fields than its token; undefined for anything else. */
async function fileIn(body: Buffer, type: string): Promise<File | undefined> {
  if (!hasFewParts(body, type)) return undefined
  let form: FormData
  try {
    form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
  } catch {
    return undefined
  }
  const parts = [...form].filter(([name, value]) => name !== '_csrf' || typeof value !== 'string')
  const [name, value] = parts[0] ?? []
  return parts.length === 1 && name === 'file' && value instanceof File ? value : undefined
}

/** Reading a form costs time for each part, and it is read in one go: what has more parts than a page sends is not read at all. */
function hasFewParts(body: Buffer, type: string): boolean {
  // One parameter and no other: of two boundaries the parser takes the first.
  const boundary = /^multipart\/form-data;\s*boundary=(?:"([^"]{1,70})"|([^\s";]{1,70}))\s*$/i.exec(type)
  if (!boundary) return false
  const line = `--${boundary[1] ?? boundary[2]}`
  let at = -1
  for (let count = 0; count <= PARTS_AT_MOST + 1; count++) {
    at = body.indexOf(line, at + 1, 'latin1')
    if (at === -1) return true
  }
  return false
}

/** Whose file it is, and what it came by. */
function stagedBy({ principal, session, repo }: Passage): Parameters<FlowContext['stage']['add']>[0] {
  const { account, device } = known(principal, 'principal')
  const { id, parent } = known(session, 'session')
  return {
    account: account.id,
    repo: repo?.id ?? null,
    device: device.id,
    sessions: parent === null ? [id] : [id, parent],
  }
}

function refused(req: IncomingMessage, res: ServerResponse, why: Refusal, render: RenderRefusal): Outcome {
  refuseHttp(req, res, why, render)
  return { kind: 'answered', status: res.statusCode, refs: null, accepted: false, said: why.say }
}
