import { randomSecret } from '../core/crypto.ts'
import { type AccountId, type Device, type DeviceId, deviceId } from '../core/identity.ts'
import type { Json } from '../core/ledger/canonical-json.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import type { Core } from './core.ts'
import type { Identity, Revocation } from './identity.ts'
import { credentialKey, putDevice } from './state.ts'

const UNKNOWN: Refusal = refusal('not-found', 'There is no such device.')
const USED: Refusal = refusal('bad-credential', 'This link is used or too old.', 'Ask for a fresh one.')

/** Devices: admitted by a link or by another device, and never forgotten. */
export function devices(
  core: Core,
  links: { used(id: string): void },
): Pick<Identity, 'addDevice' | 'renameDevice' | 'setDeviceState' | 'deviceUsed'> {
  const { state, now, change } = core

  const ofAccount = (account: AccountId): Device[] =>
    [...state.devices.values()].map(({ device }) => device).filter((device) => device.account === account)
  const named = (device: Device): { readonly [key: string]: Json } => {
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

  function replace(device: Device): void {
    putDevice(state, { device, transports: state.devices.get(device.id)?.transports ?? [] })
  }

  return {
    async addDevice(input, { transports, invitation, evidence }) {
      const account = state.accounts.get(input.account)
      if (account?.state !== 'active') return err(refusal('account-inactive', 'This account is not active.'))
      const taken = refusal(
        'bad-request',
        'This key is enrolled already.',
        'Use another key, or remove it where it is enrolled.',
      )
      if (state.devicesByCredential.has(credentialKey(input.kind, input.credential))) return err(taken)
      const device: Device = {
        ...input,
        id: deviceId(randomSecret()),
        state: 'active',
        createdAt: now(),
        lastUsedAt: null,
      }
      const done = await change(
        {
          type: 'device.enrol',
          account: account.id,
          payload: {
            ...named(device),
            enrolledBy: device.enrolledBy,
            backupEligible: device.backupEligible,
            evidence,
          },
        },
        async (write) => {
          if (invitation !== undefined) {
            const used = await write
              .updateTable('invitation')
              .set({ used_at: now() })
              .where('id', '=', invitation)
              .where('account_id', '=', account.id)
              .where('used_at', 'is', null)
              .where('expires_at', '>', now())
              .executeTakeFirst()
            if (used.numUpdatedRows !== 1n) return USED
          }
          const made = await write
            .insertInto('device')
            .values({
              id: device.id,
              account_id: account.id,
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
          return made.numInsertedOrUpdatedRows === 1n ? undefined : taken
        },
        () => {
          putDevice(state, { device, transports })
          if (invitation !== undefined) links.used(invitation)
          return []
        },
      )
      return done.ok ? ok(device) : done
    },

    async renameDevice(id, name) {
      const known = state.devices.get(id)
      if (!known) return err(UNKNOWN)
      const device: Device = { ...known.device, name }
      // A name is a label: it is in no proof, and not recorded.
      await core.store.transaction(async (write) => {
        await write.updateTable('device').set({ name }).where('id', '=', id).execute()
      })
      replace(device)
      return ok(device)
    },

    async setDeviceState(id, next, by, options) {
      const known = state.devices.get(id)
      if (!known) return err(UNKNOWN)
      const { device } = known
      if (device.state === 'revoked')
        return err(refusal('denied', 'A revoked device stays revoked.', 'Enrol it anew.'))
      const others = ofAccount(device.account).filter(
        (other) => other.id !== id && other.kind === 'webauthn' && other.state === 'active',
      )
      if (next !== 'active' && device.kind === 'webauthn' && others.length === 0 && !options?.force) {
        return err(refusal('denied', 'This is the last passkey of the account.', 'Add another one first.'))
      }
      const changed: Device = { ...device, state: next }
      const done = await change(
        { type: 'device.state', account: device.account, payload: { ...named(device), state: next, by } },
        async (write) => {
          await write.updateTable('device').set({ state: next }).where('id', '=', id).execute()
          if (next !== 'active') {
            await write.deleteFrom('session').where('device_id', '=', id).execute()
            await write
              .updateTable('git_password')
              .set({ revoked_at: now() })
              .where('device_id', '=', id)
              .where('revoked_at', 'is', null)
              .execute()
          }
          return undefined
        },
        (): Revocation[] => {
          replace(changed)
          if (next === 'active') return []
          return [{ kind: 'device', account: device.account, device: id }, ...endOpenedBy(core, id)]
        },
      )
      return done.ok ? ok(changed) : done
    },

    async deviceUsed(id, counter, at) {
      const known = state.devices.get(id)
      if (!known) return
      const { device } = known
      // WebAuthn section 6.1.1: both zero means that the authenticator does not count.
      const wentBack = counter <= device.counter && !(counter === 0 && device.counter === 0)
      const newest = Math.max(counter, device.counter)
      replace({ ...device, counter: newest, lastUsedAt: at })
      const write = async (
        to: Parameters<Parameters<Core['store']['transaction']>[0]>[0],
      ): Promise<undefined> => {
        await to
          .updateTable('device')
          .set({ counter: newest, last_used_at: at })
          .where('id', '=', id)
          .execute()
        return undefined
      }
      if (!wentBack) {
        await core.store.transaction(write)
        return
      }
      await change(
        {
          type: 'device.signal',
          account: device.account,
          payload: { ...named(device), signal: 'counter-not-higher', seen: counter, known: device.counter },
        },
        write,
        () => [],
      )
    },
  }
}

/** Forget what a device opened; the rows are gone already. */
function endOpenedBy({ state }: Core, id: DeviceId): Revocation[] {
  const out: Revocation[] = []
  for (const session of [...state.sessions.values()]) {
    if (session.device !== id) continue
    state.sessions.delete(session.id)
    out.push({ kind: 'session', account: session.account, session: session.id })
  }
  for (const password of [...state.passwords.values()]) {
    if (password.device !== id) continue
    state.passwords.delete(password.id)
    out.push({ kind: 'git-password', account: password.account, id: password.id })
  }
  return out
}
