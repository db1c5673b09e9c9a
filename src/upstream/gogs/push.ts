import { Readable } from 'node:stream'
import type { RepoRef } from '../../core/action/action.ts'
import { writeReceivePackHead } from '../../core/git/receive-pack.ts'
import { isZeroId, type RefUpdate } from '../../core/git/ref-update.ts'
import { ReportObserver } from '../../core/git/report-status.ts'
import type { PushAnswer } from '../forge.ts'
import type { Answer, Client } from './client.ts'
import type { GogsLine } from './lines.ts'
import { makeWiki } from './make-wiki.ts'
import { gitPath } from './refs.ts'

export interface Sending {
  readonly user: string
  readonly repo: RepoRef
  readonly part: 'code' | 'wiki'
  readonly update: RefUpdate
  readonly pack: () => Readable
}

const CAPABILITIES = ['report-status', 'side-band-64k', 'quiet', 'agent=countersign']
/** The forge may index a large pack, and run its hooks, before it answers, ms. */
const PATIENCE = 10 * 60_000

/** Move one ref by `git-receive-pack`, which compares the old value itself. */
export async function sendPush(
  client: Client,
  git: { authorization(): Promise<string>; drop(): void },
  { user, repo, part, update, pack }: Sending,
  line: GogsLine,
): Promise<PushAnswer> {
  const head = writeReceivePackHead({
    shallow: [],
    updates: [update],
    capabilities: CAPABILITIES,
    pushOptions: [],
  })
  async function ask(): Promise<Answer> {
    async function* body(): AsyncGenerator<Buffer> {
      yield head
      yield* pack()
    }
    return client.ask({
      method: 'POST',
      path: `${gitPath(repo, part)}/git-receive-pack`,
      authorization: await git.authorization(),
      stream: {
        type: 'application/x-git-receive-pack-request',
        body: Readable.from(body(), { objectMode: false }),
      },
      patience: PATIENCE,
    })
  }
  let answer = await ask()
  if (answer.status === 401) {
    git.drop()
    answer = await ask()
  }
  if (answer.status === 404 && part === 'wiki' && isZeroId(update.before)) {
    await makeWiki(client, user, repo, line)
    answer = await ask()
  }
  const { status } = answer
  // Any other status comes before the forge's receive-pack has run.
  if (status !== 200) return { status, moved: false, said: null }
  const report = new ReportObserver(CAPABILITIES)
  report.push(answer.body)
  const found = report.refs()?.find(({ ref }) => ref === update.ref)
  if (!found) return { status, moved: null, said: report.said() || null }
  return { status, moved: found.ok, said: found.ok ? null : report.said() || (found.reason ?? null) }
}
