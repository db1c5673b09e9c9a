import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Pool } from 'undici'
import { createCeremonies } from './ceremony/create-ceremonies.ts'
import { groupOf } from './core/action/verbs.ts'
import type { ResolveRepo } from './core/policy/engine.ts'
import { rateLimit } from './core/rate-limit.ts'
import type { HostKey } from './core/ssh/host-key.ts'
import { carryOut } from './flow/carry-out.ts'
import type { FlowContext, Log } from './flow/context.ts'
import { createForgeNames } from './flow/forge-names.ts'
import { frozenRefs } from './flow/frozen.ts'
import { endOpenHolds } from './flow/record-hold.ts'
import { createRepoLookup } from './flow/repo-lookup.ts'
import type { ReportOnly } from './flow/report-only.ts'
import { settle } from './flow/settle.ts'
import { createForgeGit } from './front/git/forge-git.ts'
import { createApiDoor } from './front/http/api-door.ts'
import { byHost, type Door } from './front/http/by-host.ts'
import { createStreams } from './front/http/cut-streams.ts'
import { createForgeDoor } from './front/http/forge-door.ts'
import { createGitDoor } from './front/http/git-door.ts'
import { createPortalDoor } from './front/http/portal-door.ts'
import { createSshDoor } from './front/ssh/ssh-door.ts'
import { createAsks } from './hold/asks.ts'
import { createHolds } from './hold/create-holds.ts'
import { createParkedChanges } from './hold/parked-changes.ts'
import { createWouldBe } from './ledger/would-be.ts'
import { type Origins, openOrigins, type SshPlace } from './origins.ts'
import { type LoadedPolicies, loadPolicies } from './policy/load-policies.ts'
import { lockedRepos } from './policy/locked-repos.ts'
import { mentionsVisitors } from './policy/policy-files.ts'
import { recordPolicy } from './policy/record-policy.ts'
import { watchPolicies } from './policy/watch-policies.ts'
import { loadAssets } from './portal/assets.ts'
import type { PortalDeps } from './portal/deps.ts'
import { createHandOver } from './portal/hand-over.ts'
import { createInvite } from './portal/invite.ts'
import { createLedgerView } from './portal/ledger-view.ts'
import { createPortal } from './portal/portal.ts'
import { refusalPage } from './portal/refusal-page.ts'
import { createReportView, modeWords, type ReportView } from './portal/report-view.ts'
import { createTokenDesk } from './portal/token-desk.ts'
import { openRecords, type Records } from './records.ts'
import { loadHostKeys, loadSecrets } from './secrets.ts'
import type { Settings } from './settings.ts'
import { createSpool } from './spool/create-spool.ts'
import { SPOOL_LIMITS } from './spool/limits.ts'
import { createStage, STAGE_LIMITS } from './spool/stage.ts'
import { forget } from './store/forget.ts'
import { lockHome } from './store/sqlite/lock-home.ts'
import { type StartedForge, startForge } from './upstream/launch/start-forge.ts'
import { type Welcome, welcome } from './welcome.ts'

/** A running gateway. */
export interface Gateway extends Welcome {
  readonly url: string
  readonly portal: string
  /** What SSH clone URLs begin with, and the fingerprint of the host key in use; null without that door. */
  readonly ssh: string | null
  readonly sshHostKey: string | null
  /** `gogs <version>` or `stand-in`. */
  readonly forge: string
  /** Resolves, with why, when the gateway may change nothing any more; then it is to be stopped. */
  readonly lost: Promise<string>
  /** Let running requests end for a while, then end everything that was started. */
  stop(): Promise<void>
  /** Where nothing is enforced, in a sentence; null while everything is. */
  readonly mode: string | null
}

/** Longest wait for requests that run when the gateway is told to stop, ms. */
const DRAIN = 10_000
/** The forge may index a large pack before it answers, ms. */
const PATIENCE = 30 * 60_000
const SETTLE_DELAY = 2_000
const HOUR = 3_600_000
/** What waits for other people, of all accounts. */
const ASKS = { total: 1000 }
/** Changes that wait for a touch: in memory, so bounded in number and size. */
const PARKED = { perAccount: 50, total: 2000, size: 32 << 20, life: 5 * 60_000 }

/** Compose, start, and return what stops it all. Rejects with everything undone when any part fails to start. */
export async function startGateway(settings: Settings, log: Log): Promise<Gateway> {
  const undo: (() => unknown)[] = []
  const stop = async (): Promise<void> => {
    while (undo.length > 0) await undo.pop()!()
  }
  try {
    mkdirSync(settings.home, { recursive: true, mode: 0o700 })
    undo.push(lockHome(settings.home))
    const hostKeys = loadHostKeys(settings.home)
    const origins = await openOrigins(settings.addressing, hostKeys)
    const { ssh } = origins
    if (ssh) undo.push(() => ssh.server.close(0))
    const sockets = origins.sockets.map(({ listener }) => listener)
    undo.push(() => Promise.all(sockets.map((listener) => listener.close(0))))
    const lost = Promise.withResolvers<string>()
    const records = await openRecords(settings.home, {
      limits: settings.limits,
      database: settings.database,
      gateway: { onLost: lost.resolve },
      portal: { origin: origins.portal, rpId: origins.rpId },
    })
    undo.push(() => records.close())
    await forget(records.store, Date.now())
    const forgetting = setInterval(
      () =>
        void forget(records.store, Date.now()).catch((error: unknown) =>
          log.error({ err: error }, 'nothing was forgotten'),
        ),
      HOUR,
    ).unref()
    undo.push(() => clearInterval(forgetting))
    const started = await startForge({
      home: join(settings.home, 'forge'),
      externalUrl: origins.forge,
      ssh,
      env: process.env,
      log,
      configured: settings.gogs,
      open: await mentionsVisitors(policyDir(settings)),
      ...(process.env['COUNTERSIGN_FORGE'] === 'stand-in' && { prefer: 'stand-in' as const }),
      ...(process.env['COUNTERSIGN_INJECT'] !== undefined && { inject: process.env['COUNTERSIGN_INJECT'] }),
    })
    undo.push(() => started.stop())
    // Asked again when somebody wants to change something, so a forge that is slow to answer holds nothing up.
    await started.forge
      .learn(Date.now())
      .catch((error: unknown) => log.warn({ err: error }, 'the forge did not tell its version'))
    const recordInForce = recordPolicy((record) => records.ledger.append(record))
    const policy = await openPolicies(settings, log, records, started, recordInForce)
    const repos = await reportOnlyRepos(settings, log, started)
    const reportOnly: ReportOnly = (repo) =>
      settings.reportOnly.all || (repo !== undefined && repos.has(repo))
    const wouldBe = createWouldBe({ ...records, now: Date.now, log })
    undo.push(() => wouldBe.close())
    const ctx = await compose(settings, log, origins, records, started, policy, { reportOnly, wouldBe }, undo)
    await endOpenHolds(ctx)
    const handOver = createHandOver({ now: ctx.now })
    const stopping = new AbortController()
    const report = createReportView(settings.reportOnly, wouldBe)
    const doors = openDoors(
      ctx,
      settings,
      origins,
      hostKeys,
      records,
      handOver,
      report,
      undo,
      stopping.signal,
    )
    const settled = settle(ctx, {
      by: 'start',
      except: ctx.running,
      quietMs: settings.gogs === null ? 200 : 5_000,
      forgeGone: settings.gogs === null,
    })
    await records.ledger.append({
      type: 'gateway.start',
      payload: {
        portal: origins.portal,
        rpId: origins.rpId,
        forge: origins.forge,
        upstream: started.version,
        policy: ctx.policy.digest,
        mode: settings.reportOnly.all ? 'report-only' : 'enforce',
        reportOnly: [...repos].sort((a, b) => a - b),
      },
    })
    await recordInForce(policy.inForce)
    const watching = watchPolicies({ dir: policyDir(settings), policy, log })
    undo.push(() => watching.stop())
    const shown = await welcome({
      records,
      forge: started.forge,
      own: settings.gogs === null,
      origins,
      now: ctx.now,
    })
    if ((await settled) > 0) ctx.settleSoon()
    for (const { listener, serves, home } of origins.sockets) {
      listener.serve(
        byHost(
          new Map(
            serves.flatMap(({ door, authorities }) =>
              authorities.map((name) => [name, doors[door]] as const),
            ),
          ),
          home,
        ),
      )
    }
    if (ssh) ssh.server.serve(doors.ssh(ssh.origin))
    undo.push(() =>
      Promise.all([...sockets, ...(ssh ? [ssh.server] : [])].map((listener) => listener.close(DRAIN))),
    )
    // What waits would wait through the drain: it is told at once, and its client pushes again.
    undo.push(() => {
      stopping.abort()
      ctx.holds.close()
    })
    const mode = modeWords(settings.reportOnly)
    if (mode !== null) log.warn({ reportOnly: settings.reportOnly }, mode)
    return {
      url: origins.forge,
      portal: origins.portal,
      ssh: ssh?.origin ?? null,
      sshHostKey: ssh ? hostKeys[0].fingerprint : null,
      forge: started.version,
      mode,
      ...shown,
      lost: lost.promise,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** As its owner, who sees it; as the administrator for repositories of organisations. */
const resolveRepo =
  ({ forge, serviceUser }: StartedForge): ResolveRepo =>
  async (owner, name) =>
    (await forge.repo(owner, name, owner)) ?? forge.repo(owner, name, serviceUser)

/** Ids of the repositories in which nothing is enforced. */
function reportOnlyRepos(settings: Settings, log: Log, started: StartedForge): Promise<ReadonlySet<number>> {
  return lockedRepos(settings.reportOnly.repos, {
    dir: policyDir(settings),
    file: 'countersign.yaml',
    resolve: resolveRepo(started),
    drifted: (name, locked, now) =>
      log.error(
        { name, locked, now: now ?? 'nothing' },
        'a name under reportOnly means something else now; the locked id is meant',
      ),
  })
}

const policyDir = ({ home }: Settings): string => join(home, 'policy')

/** The administrator's policies; another set decides only once its entry is on disk. */
function openPolicies(
  settings: Settings,
  log: Log,
  { identity }: Records,
  started: StartedForge,
  onChange: (change: LoadedPolicies['inForce']) => Promise<void>,
): Promise<LoadedPolicies> {
  return loadPolicies({
    dir: policyDir(settings),
    resolveRepo: resolveRepo(started),
    resolveAccount: (name) => identity.accountByName(name)?.forgeId,
    resolveOrg: async (name) => (await started.forge.org(name))?.id,
    epoch: () => identity.epoch,
    now: Date.now,
    log,
    onChange,
  })
}

async function compose(
  settings: Settings,
  log: Log,
  origins: Origins,
  records: Records,
  started: StartedForge,
  policy: LoadedPolicies,
  reporting: Pick<FlowContext, 'reportOnly' | 'wouldBe'>,
  undo: (() => unknown)[],
): Promise<FlowContext> {
  const { forge } = started
  const { identity } = records
  const MiB = 1 << 20
  const spool = await createSpool({
    dir: join(settings.home, 'spool'),
    limits: {
      ...SPOOL_LIMITS,
      pushes: settings.holds.total,
      pushesOfAccount: settings.holds.perAccount,
      pushBytes: settings.spool.push * MiB,
      accountBytes: settings.spool.account * MiB,
      totalBytes: settings.spool.total * MiB,
      mirrorBytes: settings.spool.mirror * MiB,
      mirrorsBytes: settings.spool.mirrors * MiB,
    },
    log,
    now: Date.now,
  })
  undo.push(() => spool.close())
  const stage = await createStage({ dir: join(settings.home, 'spool', 'stage'), limits: STAGE_LIMITS })
  undo.push(() => stage.close())
  identity.onRevoke((revocation) =>
    stage.end(
      ({ account, device, sessions }) =>
        revocation.account === account &&
        (revocation.kind === 'account' ||
          (revocation.kind === 'device' && revocation.device === device) ||
          (revocation.kind === 'session' && sessions.includes(revocation.session))),
    ),
  )
  const holds = createHolds({
    limits: {
      perAccount: settings.holds.perAccount,
      total: settings.holds.total,
      life: settings.holds.seconds * 1000,
    },
    identity,
    now: Date.now,
  })
  const asks = createAsks({ limits: ASKS, identity, now: Date.now })
  let settling: NodeJS.Timeout | undefined
  undo.push(() => clearTimeout(settling))
  const ctx: FlowContext = {
    identity,
    policy,
    forge,
    ledger: records.ledger,
    store: records.store,
    repos: createRepoLookup(forge),
    names: createForgeNames({ forge, identity, log }),
    holds,
    parked: createParkedChanges({ limits: PARKED, identity, asks, now: Date.now }),
    asks,
    askLife: (verb) => settings.countersign[groupOf(verb) === 'critical' ? 'critical' : 'change'] * 60_000,
    carryOut: (work) => carryOut(work, ctx),
    spool,
    stage,
    forgeOrigin: origins.forge,
    portalOrigin: origins.portal,
    rpId: origins.rpId,
    nonceKey: loadSecrets(settings.home).nonceKey,
    credentialLimiter: rateLimit({ burst: 20, refillMs: 3_000 }),
    visitorLimiter: rateLimit({ burst: 240, refillMs: 500 }),
    refusalLimiter: rateLimit({ burst: 120, refillMs: 1_000 }),
    ...reporting,
    running: new Set(),
    settleSoon() {
      settling ??= setTimeout(() => {
        settling = undefined
        settle(ctx, { by: 'refs', except: ctx.running, quietMs: 500 }).then(
          (left) => left > 0 && ctx.settleSoon(),
          (error: unknown) => log.error({ err: error }, 'settling failed'),
        )
      }, SETTLE_DELAY)
    },
    log,
    now: Date.now,
  }
  return ctx
}

function openDoors(
  ctx: FlowContext,
  settings: Settings,
  origins: Origins,
  hostKeys: readonly HostKey[],
  records: Records,
  handOver: ReturnType<typeof createHandOver>,
  report: ReportView,
  undo: (() => unknown)[],
  stopping: AbortSignal,
): { forge: Door; portal: Door; ssh: (origin: string) => ReturnType<typeof createSshDoor> } {
  const pages = new Pool(ctx.forge.origin, {
    connections: 128,
    pipelining: 1,
    headersTimeout: 120_000,
    bodyTimeout: 0,
  })
  const packs = new Pool(ctx.forge.origin, {
    connections: 64,
    pipelining: 1,
    headersTimeout: PATIENCE,
    bodyTimeout: 0,
  })
  undo.push(() => Promise.all([pages.destroy(), packs.destroy()]))
  const assets = loadAssets()
  const render = (refused: Parameters<typeof refusalPage>[0]): string =>
    refusalPage(refused, { origin: origins.portal, assets, styles: 'inline' }).html
  const streams = createStreams(ctx.identity)
  const git = createGitDoor({
    ctx,
    pool: packs,
    render,
    streams,
    lfs: { maxObjectBytes: settings.lfs.maxObjectMiB * 2 ** 20 },
  })
  const forge = createForgeDoor({
    ctx,
    pool: pages,
    git,
    api: createApiDoor({ ctx, pool: pages, streams }),
    handOver,
    render,
    secure: origins.secure,
    ready: () => ctx.forge.healthy(),
  })
  const portal = createPortal({
    origin: origins.portal,
    forgeOrigin: origins.forge,
    unknownForge: () => (ctx.forge.known(ctx.now()) === false ? ctx.forge.version : null),
    ssh: origins.ssh && sshOf(origins.ssh, hostKeys),
    secure: origins.secure,
    identity: ctx.identity,
    ceremonies: createCeremonies({
      origin: origins.portal,
      rpId: origins.rpId,
      identity: ctx.identity,
      now: ctx.now,
      policyDigest: () => ctx.policy.digest,
    }),
    handOver,
    holds: ctx.holds,
    parked: ctx.parked,
    asks: ctx.asks,
    frozen: () => frozenRefs(records.store.db),
    stopping,
    ledger: createLedgerView({ ledger: records.ledger, store: records.store, identity: ctx.identity }),
    report,
    invite: createInvite({ forge: ctx.forge, identity: ctx.identity, now: ctx.now }),
    tokenDesk: createTokenDesk(ctx),
    limiter: rateLimit({ burst: 10, refillMs: 6_000 }),
    log: ctx.log,
    now: ctx.now,
  })
  return {
    forge,
    portal: createPortalDoor(portal, { render, log: ctx.log, origin: origins.portal }),
    ssh: (origin) => createSshDoor({ ctx, git: createForgeGit(packs, ctx), origin }),
  }
}

/** What people pin: the address, and host keys as they stand in known_hosts (sshd(8)). */
function sshOf(
  { host, port, origin }: SshPlace,
  hostKeys: readonly HostKey[],
): NonNullable<PortalDeps['ssh']> {
  const name = port === 22 ? host : `[${host}]:${port}`
  return {
    origin,
    knownHosts: hostKeys.map(({ line }) => `${name} ${line}\n`).join(''),
    fingerprint: hostKeys[0]!.fingerprint,
  }
}
