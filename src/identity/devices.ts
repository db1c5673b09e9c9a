import { randomSecret } from '../core/crypto.ts'
import { type Device, deviceId } from '../core/identity.ts'
import type { Json } from '../core/ledger/canonical-json.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import type { Write } from '../store/store.ts'
import { admission } from './admission.ts'
import type { Core } from './core.ts'
import { endOpened } from './end-rows.ts'
import type { Identity } from './identity.ts'
import { ACCOUNT_INACTIVE, hasActiveDevice, standing } from './standing.ts'
import { forget, patchDevice, putDevice, type State } from './state.ts'

const UNKNOWN: Refusal = refusal('not-found', 'There is no such device.')
const TAKEN: Refusal = refusal(
  'bad-request',
  'This key is enrolled already.',
  'Use another key, or remove it where it is enrolled.',
)
const REVOKED: Refusal = refusal('denied', 'A revoked device stays revoked.', 'Enrol it anew.')
const LAST: Refusal = refusal('denied', 'This is the last passkey of the account.', 'Add another one first.')

/** Account and device as entries of the ledger spell them. */
export function named(state: State, device: Device): { readonly [key: string]: Json } {
  const account = state.accounts.get(device.account)
  return {
    account: { id: device.account, name: account?.name ?? '', forgeId: account?.forgeId ?? 0 },
    device: {
      id: device.id,
      kind: device.kind,
      credential: device.credential,
      publicKey: Buffer.from(device.publicKey).toString('base64'),
      name: device.name,
    },
  }
}

/** Devices: admitted by a link or by another device, and never forgotten. */
export function devices(core: Core): Pick<Identity, 'addDevice' | 'renameDevice' | 'setDeviceState'> {
  const { state, now, change } = core

  return {
    async addDevice(input, { transports, invitation, evidence }) {
      const device: Device = {
        ...input,
        id: deviceId(randomSecret()),
        state: 'active',
        createdAt: now(),
        lastUsedAt: null,
      }
      if (!state.accounts.has(input.account)) return err(ACCOUNT_INACTIVE)
      const done = await change(
        {
          type: 'device.enrol',
          account: device.account,
          payload: {
            ...named(state, device),
            enrolledBy: device.enrolledBy,
            backupEligible: device.backupEligible,
            evidence,
          },
        },
        async (write) =>
          (await standing(write, device.account)) ??
          (await admission(write, device, invitation, now())) ??
          (await insert(write, device, transports)),
        () => {
          putDevice(state, { device, transports })
          if (invitation !== undefined) state.links.drop(invitation)
          return []
        },
      )
      return done.ok ? ok(device) : done
    },

    async renameDevice(id, name) {
      if (!state.devices.has(id)) return err(UNKNOWN)
      // A name is a label: it is in no proof, and not recorded.
      await core.store.transaction(async (write) => {
        await write.updateTable('device').set({ name }).where('id', '=', id).execute()
      })
      const device = patchDevice(state, id, { name })
      return device ? ok(device) : err(UNKNOWN)
    },

    async setDeviceState(id, next, by, options) {
      const device = state.devices.get(id)?.device
      if (!device) return err(UNKNOWN)
      let changed: Device = { ...device, state: next }
      const done = await change(
        {
          type: 'device.state',
          account: device.account,
          payload: {
            ...named(state, device),
            state: next,
            by,
            ...(options?.evidence && { evidence: options.evidence }),
          },
        },
        async (write) => {
          const refused = await mayBecome(write, device, next, options?.force === true)
          if (refused) return refused
          await write.updateTable('device').set({ state: next }).where('id', '=', id).execute()
          if (next !== 'active') await endOpened(write, { device: id }, now())
          return undefined
        },
        () => {
          changed = patchDevice(state, id, { state: next }) ?? changed
          if (next === 'active') return []
          return [
            { kind: 'device', account: device.account, device: id },
            ...forget(state, (opened) => opened.device === id),
          ]
        },
      )
      return done.ok ? ok(changed) : done
    },
  }
}

/** Unique among all devices of all accounts, revoked ones included: a credential is one person's for good. */
async function insert(
  write: Write,
  device: Device,
  transports: readonly string[],
): Promise<Refusal | undefined> {
  const made = await write
    .insertInto('device')
    .values({
      id: device.id,
      account_id: device.account,
      kind: device.kind,
      name: device.name,
      state: 'active',
      credential: device.credential,
      public_key: device.publicKey,
      counter: device.counter,
      backup_eligible: device.backupEligible ? 1 : 0,
      transports: JSON.stringify(transports),
      enrolled_by: device.enrolledBy,
      created_at: device.createdAt,
      last_used_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return made.numInsertedOrUpdatedRows === 1n ? undefined : TAKEN
}

/** Asked in the transaction that changes it: of two passkeys that are ended at once, one stays. */
async function mayBecome(
  write: Write,
  { id, account, kind }: Device,
  next: Device['state'],
  force: boolean,
): Promise<Refusal | undefined> {
  const row = await write.selectFrom('device').select('state').where('id', '=', id).executeTakeFirst()
  if (row?.state === 'revoked') return REVOKED
  const ends = next !== 'active' && row?.state === 'active' && kind === 'webauthn'
  if (!ends || force) return undefined
  return (await hasActiveDevice(write, account, { kind: 'webauthn', except: id })) ? undefined : LAST
}
