import { join } from 'node:path'
import { modeWords } from '../portal/report-view.ts'
import type { Records } from '../records.ts'
import type { Settings } from '../settings.ts'
import { readDatabase, UNSEEN } from '../upstream/gogs/gogs-database.ts'
import { runningForge } from '../upstream/launch/running-forge.ts'
import type { Leftover, LeftoverKind } from '../upstream/leftover.ts'
import { failed, type Printed, printed } from './printed.ts'

/** Of each kind: what the gateway does about it, and what is left to people. */
const WORDS: {
  readonly [kind in LeftoverKind]: { readonly title: string; readonly gateway: string; readonly you: string }
} = {
  'ssh-key': {
    title: 'SSH keys',
    gateway: 'does not accept them: keys are enrolled in the portal, each by its person and proved.',
    you: 'Have people enrol a key, then end these: until then whoever reaches Gogs by SSH goes around the gateway.',
  },
  token: {
    title: 'access tokens',
    gateway: 'does not accept them. It gives out short-lived git passwords, and tokens of its own.',
    you: 'Tell whoever runs a program by one, then end them: they open Gogs itself, without end or scope.',
  },
  'deploy-key': {
    title: 'deploy keys',
    gateway: 'neither accepts nor adds them.',
    you: 'Give the machine an account of its own, then end them.',
  },
  webhook: {
    title: 'webhooks',
    gateway: 'leaves them as they are: Gogs goes on sending. To change one takes a touch.',
    you: 'Look whether each still goes where it should. One of this very host reaches what listens on loopback.',
  },
  mirror: {
    title: 'mirrors that fetch',
    gateway: 'does not stop them and does not let anybody change them: they move refs that nobody signed.',
    you: 'Make them ordinary repositories before you cut over, or live with refs that the ledger knows nothing of.',
  },
  administrator: {
    title: 'administrators of Gogs',
    gateway:
      'asks for a touch with PIN whenever they use that right. On pages they see every private repository.',
    you: 'Keep few. Administrators of the gateway are named by `admin invite --admin`.',
  },
  password: {
    title: 'passwords of Gogs',
    gateway: 'never sends one on, and shows no page that takes one.',
    you: 'They open nothing once Gogs is reachable by nobody but the gateway: bind it, and try.',
  },
  'closed-account': {
    title: 'accounts that Gogs lets nobody be',
    gateway: 'cannot look into what they have, nor act for them.',
    you: 'Gogs lets their tokens and SSH keys work all the same on git. Let them sign in again, run this, and close them then.',
  },
  'protected-branch': {
    title: 'protected branches',
    gateway: 'leaves them to Gogs, whose rules hold beside policy. To change one takes a touch with PIN.',
    you: 'Nothing. Policy can say more: see docs/formats/policy.md.',
  },
}
const ENDED: readonly LeftoverKind[] = ['ssh-key', 'token', 'deploy-key']
const KINDS = Object.keys(WORDS) as readonly LeftoverKind[]

export interface AdoptOptions {
  /** Gogs' SQLite file, or a copy. */
  readonly database?: string
  readonly apply: boolean
  /** Kinds to end; all that can be, unless named. */
  readonly only?: readonly string[]
}

/**
 * What a Gogs that people worked with still has beside the gateway, kind by kind, with what becomes of it. With `apply` what can be
 * ended by the forge's own interface is, on record before and after; nothing else is ever changed.
 */
export async function gogsAdopt(
  records: Records,
  settings: Settings,
  options: AdoptOptions,
): Promise<Printed> {
  const { only = ENDED } = options
  const strange = only.find((kind) => !ENDED.includes(kind as LeftoverKind))
  if (strange !== undefined) return failed(2, `only ${ENDED.join(', ')} can be ended, and not ${strange}`)
  const forge = await runningForge({ home: join(settings.home, 'forge'), configured: settings.gogs })
  if (!forge) return failed(1, 'Gogs does not answer: name it under gogs in countersign.yaml, and start it')
  try {
    const seen = await forge.leftovers()
    const more = options.database === undefined ? [] : readDatabase(options.database)
    const all = [...seen, ...more]
    const plan = all.filter(({ kind, id }) => id !== null && only.includes(kind))
    const lines = [...report(all, settings, options), ...unseen(options), ...planned(plan, options)]
    if (!options.apply || plan.length === 0) return printed(...lines)
    return printed(...lines, ...(await cutOver(records, forge, plan)))
  } catch (error) {
    return failed(1, (error as Error).message)
  } finally {
    await forge.close()
  }
}

function report(all: readonly Leftover[], { reportOnly }: Settings, { database }: AdoptOptions): string[] {
  return [
    modeWords(reportOnly) ?? 'Policy is enforced.',
    ...KINDS.flatMap((kind) => {
      const some = all.filter((one) => one.kind === kind)
      if (
        some.length === 0 &&
        database === undefined &&
        UNSEEN.some((one) => one.kind === kind) &&
        kind !== 'webhook'
      )
        return []
      const { title, gateway, you } = WORDS[kind]
      if (some.length === 0) return ['', `${title}: none`]
      return [
        '',
        `${title}: ${some.length}`,
        `  The gateway ${gateway}`,
        `  You: ${you}`,
        ...some.map(({ where, name }) => `    ${where.padEnd(28)} ${printable(name)}`),
      ]
    }),
  ]
}

/** What nobody but Gogs' own tables and files can tell, when they were not named. */
function unseen({ database }: AdoptOptions): string[] {
  const hooks = [
    '',
    'git hooks cannot be seen from here. The gateway lets nobody edit them; those that are there go on running. On the host of Gogs:',
    "    find REPOSITORY_ROOT -path '*.git/custom_hooks/*' -type f",
  ]
  if (database !== undefined) return hooks
  return [
    ...hooks,
    '',
    'Some of it the interface of Gogs does not show. Name its SQLite file with --database, or ask its database:',
    ...UNSEEN.map(
      ({ kind, sql }) =>
        `    -- ${WORDS[kind].title}${kind === 'webhook' ? ' of organisations' : ''}\n    ${sql};`,
    ),
  ]
}

function planned(plan: readonly Leftover[], { apply }: AdoptOptions): string[] {
  if (plan.length === 0) return ['', 'There is nothing that this command could end.']
  const counts = ENDED.map((kind) => [kind, plan.filter((one) => one.kind === kind).length] as const)
  const words = counts
    .filter(([, count]) => count > 0)
    .map(
      ([kind, count]) => `${count} ${count === 1 ? WORDS[kind].title.replace(/s$/, '') : WORDS[kind].title}`,
    )
    .join(', ')
  return [
    '',
    apply
      ? `Ending ${words}:`
      : `Nothing was changed. With --apply this would end, for good: ${words}. With --only KIND just those of a kind.`,
  ]
}

async function cutOver(
  { ledger }: Records,
  forge: { endLeftover(one: Leftover): Promise<boolean> },
  plan: readonly Leftover[],
): Promise<string[]> {
  const items = (some: readonly Leftover[]) =>
    some.map(({ kind, where, name, id }) => ({ kind, where, name: printable(name), id }))
  const begun = await ledger.append({
    type: 'forge.adopt',
    payload: { by: 'host', step: 'plan', items: items(plan) },
  })
  if (!begun.ok) return [begun.error.say]
  const lines: string[] = []
  const ended: Leftover[] = []
  for (const one of plan) {
    const gone = await forge.endLeftover(one).catch(() => false)
    if (gone) ended.push(one)
    lines.push(
      `    ${gone ? 'ended' : 'STILL THERE'}  ${one.kind.padEnd(11)} ${one.where.padEnd(28)} ${printable(one.name)}`,
    )
  }
  await ledger.append({
    type: 'forge.adopt',
    payload: {
      by: 'host',
      step: 'done',
      plan: begun.value.index,
      ended: items(ended),
      left: items(plan.filter((one) => !ended.includes(one))),
    },
  })
  return [
    ...lines,
    '',
    `${ended.length} of ${plan.length} ended; it is entry ${begun.value.index} of the ledger and the one after it.`,
  ]
}

/** Names are other people's text: one line of visible characters. */
function printable(name: string): string {
  return name.replace(/[^\x20-\x7e\u00a0-\ud7ff]/gu, '?').slice(0, 120)
}
