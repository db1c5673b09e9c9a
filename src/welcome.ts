import type { Account } from './core/identity.ts'
import type { Origins } from './origins.ts'
import { type Records, setting } from './records.ts'
import type { Forge } from './upstream/forge.ts'

/** Login name of the first administrator, and of the owner of the sample repository. */
export const FIRST_ADMIN = 'keeper'
const SAMPLE = 'hello'

export interface Welcome {
  /** One-time enrolment link for the first administrator; null once an administrator has a device. */
  readonly enroll: string | null
  /** Clone URL of the sample repository; null with a forge that is not ours to fill. */
  readonly sample: string | null
}

/** What a fresh gateway hands to the person who started it: the first administrator's link and something to clone. */
export async function welcome(deps: {
  records: Records
  forge: Forge
  own: boolean
  origins: Origins
  now: () => number
}): Promise<Welcome> {
  const { records, forge, own, origins, now } = deps
  const { identity } = records
  const enrolled = identity
    .accounts()
    .some((account) => account.admin && identity.activeDevices(account.id).length > 0)
  const admin = await firstAdmin(records, forge)
  const sample = own && admin ? await sampleRepository(records, forge, admin, origins) : null
  if (enrolled || !admin) return { enroll: null, sample }
  const link = await identity.invite(admin.id, 'invitation', 'start', now())
  if (!link.ok) throw new Error(link.error.say)
  return { enroll: `${origins.portal}/enrol#${link.value.secret}`, sample }
}

async function firstAdmin({ identity }: Records, forge: Forge): Promise<Account | undefined> {
  const known = identity.accounts().find((account) => account.admin)
  if (known) return known
  const email = `${FIRST_ADMIN}@localhost.localdomain`
  const made = await forge.createUser({ name: FIRST_ADMIN, email, admin: false })
  const user = made.ok ? made.value : await forge.user(FIRST_ADMIN)
  if (!user) throw new Error(`the forge would not make the user ${FIRST_ADMIN}`)
  const account = await identity.createAccount({
    name: user.name,
    email,
    forgeId: user.id,
    admin: true,
    by: 'start',
  })
  if (!account.ok) throw new Error(account.error.say)
  return account.value
}

async function sampleRepository(
  { store }: Records,
  forge: Forge,
  admin: Account,
  origins: Origins,
): Promise<string> {
  const url = `${origins.forge}/${admin.name}/${SAMPLE}.git`
  if ((await setting(store, 'sample')) === undefined) {
    if (!(await forge.repo(admin.name, SAMPLE, admin.name)))
      await forge.createRepo(admin.name, SAMPLE, { private: true, readme: true })
    await store.transaction(async (write) => {
      await write
        .insertInto('setting')
        .values({ key: 'sample', value: `${admin.name}/${SAMPLE}` })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    })
  }
  return url
}
