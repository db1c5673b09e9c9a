import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type Action, type RepoResource, SITE } from '../../src/core/action/action.ts'
import { type Account, accountId, type Device, deviceId } from '../../src/core/identity.ts'
import type { DecisionRequest } from '../../src/core/policy/engine.ts'
import { NO_PROOF, type Proof } from '../../src/core/proof.ts'
import { type LoadedPolicies, loadPolicies } from '../../src/policy/load-policies.ts'
import type { PolicyReader } from '../../src/policy/reader.ts'

/** People, devices, proofs and actions to ask policy about, and an engine over files written for a test. */
export const NOW = 1_800_000_000_000
const DAY = 86_400_000

export const alice: Account = {
  id: accountId('a'),
  name: 'Alice',
  email: 'a@x',
  forgeId: 7,
  admin: false,
  state: 'active',
}
export const key: Device = {
  id: deviceId('k'),
  account: alice.id,
  kind: 'ssh-sk',
  name: 'key',
  state: 'active',
  credential: 'SHA256:x',
  publicKey: new Uint8Array(),
  counter: 0,
  backupEligible: false,
  enrolledBy: 'device:p',
  createdAt: NOW - DAY,
  lastUsedAt: null,
}
export const passkey: Device = { ...key, id: deviceId('p'), kind: 'webauthn' }

export const app: RepoResource = {
  kind: 'repo',
  repo: { id: 3, owner: 'acme', name: 'app' },
  part: 'code',
}
export const other: RepoResource = { ...app, repo: { id: 4, owner: 'acme', name: 'other' } }

export function pushOf(ref: string, change: { resource?: RepoResource; after?: string } = {}): Action {
  const { resource = app, after = '2'.repeat(40) } = change
  return { verb: 'git.push', resource, updates: [{ before: '1'.repeat(40), after, ref }] }
}
export const push = pushOf('refs/heads/main')
export const page: Action = { verb: 'page.read', resource: SITE }

export const session: Proof = {
  ...NO_PROOF,
  method: 'webauthn',
  device: passkey.id,
  up: true,
  uv: true,
  bound: 'session',
}
export const touched: Proof = {
  ...NO_PROOF,
  method: 'ssh-certificate',
  device: key.id,
  up: true,
  bound: 'action',
}
export const withPin: Proof = { ...touched, uv: true }

/** The request by alice, on the device that gave the proof. */
export function ask(action: Action, proof: Proof, change: Partial<DecisionRequest> = {}): DecisionRequest {
  return { account: alice, device: proof.device === key.id ? key : passkey, action, proof, ...change }
}

export const PIN = `@id("app requires FIDO2 with PIN")
forbid (principal, action in Action::"change", resource == Repo::"Acme/App") unless { context.proof.bound == "action" && context.proof.uv };
`

export interface PolicyBed {
  readonly policy: LoadedPolicies
  readonly dir: string
  /** What was logged, `warn` and `error` alike. */
  readonly said: { level: string; message: string; [field: string]: unknown }[]
  /** What names mean to the forge: `owner/name` folded. */
  readonly ids: Map<string, number>
  readonly clock: { now: number; epoch: number; unreachable: boolean }
}

const root = mkdtempSync(join(tmpdir(), 'policy-'))
after(() => rmSync(root, { recursive: true, force: true }))
let count = 0

/** A directory of policy files that goes with the test run. */
export function policyDir(files: Record<string, string>): string {
  const dir = join(root, String(count++))
  mkdirSync(dir)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  return dir
}

/** An engine over files of a test, read by a worker unless told otherwise. */
export async function policyBed(
  files: Record<string, string> = {},
  openReader?: () => PolicyReader,
): Promise<PolicyBed> {
  const dir = policyDir(files)
  const said: PolicyBed['said'] = []
  const ids = new Map([
    ['acme/app', 3],
    ['acme/payments', 3],
  ])
  const clock = { now: NOW, epoch: 1, unreachable: false }
  const note =
    (level: string) =>
    (fields: object, message: string): unknown =>
      said.push({ level, message, ...fields })
  const policy = await loadPolicies({
    dir,
    resolveRepo: async (owner, name) => {
      if (clock.unreachable) throw new Error('no answer')
      const id = ids.get(`${owner}/${name}`)
      return id === undefined ? undefined : { id, owner, name }
    },
    resolveAccount: (name) => ({ alice: 7, bob: 8, carol: 9 })[name],
    resolveOrg: async (name) => (name === 'acme' ? 20 : undefined),
    epoch: () => clock.epoch,
    now: () => clock.now,
    log: { warn: note('warn'), error: note('error') },
    ...(openReader && { openReader }),
  })
  return { policy, dir, said, ids, clock }
}
