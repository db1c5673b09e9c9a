import { join } from 'node:path'
import { createInvite } from '../portal/invite.ts'
import type { Records } from '../records.ts'
import type { Settings } from '../settings.ts'
import { runningForge } from '../upstream/launch/running-forge.ts'
import { lastPortal } from './admin.ts'
import { failed, type Printed, printed } from './printed.ts'

/** Invite somebody from the host: the forge must be running, since a user is made there. */
export async function adminInvite(
  { identity, store }: Records,
  settings: Settings,
  person: { name: string; email: string; admin: boolean },
): Promise<Printed> {
  const forge = await runningForge({ home: join(settings.home, 'forge'), configured: settings.gogs })
  if (!forge) return failed(1, 'the forge is not running: start the gateway first')
  try {
    const invited = await createInvite({ forge, identity, now: Date.now })(person, 'host')
    return invited.ok
      ? printed(`${await lastPortal(store)}/enrol#${invited.value.secret}`)
      : failed(1, `${invited.error.say} ${invited.error.fix ?? ''}`.trim())
  } finally {
    await forge.close()
  }
}
