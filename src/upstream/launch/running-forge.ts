import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomBytes } from '../../core/crypto.ts'
import { writePrivateFile } from '../../files/private-file.ts'
import type { Forge } from '../forge.ts'
import { createGogsForge } from '../gogs/gogs-forge.ts'

/** How another process of this host reaches the forge; its header name is a secret of a kind, hence mode 0600. */
export interface ForgeAddress {
  readonly url: string
  readonly header: string
  readonly serviceAccount: string
}

const file = (home: string): string => join(home, 'address.json')

export function noteAddress(home: string, address: ForgeAddress): void {
  writePrivateFile(file(home), `${JSON.stringify(address)}\n`)
}

/** The forge that a running gateway of this home uses, or undefined when it does not answer. */
export async function runningForge(options: {
  home: string
  configured: ForgeAddress | null
}): Promise<Forge | undefined> {
  const noted = existsSync(file(options.home))
    ? (JSON.parse(readFileSync(file(options.home), 'utf8')) as ForgeAddress)
    : undefined
  const address = options.configured ?? noted
  if (!address) return undefined
  const forge = createGogsForge({
    name: 'gogs',
    origin: address.url,
    headerName: address.header,
    serviceUser: address.serviceAccount,
    instance: randomBytes(6).toString('hex'),
  })
  if (await forge.healthy().catch(() => false)) return forge
  await forge.close()
  return undefined
}
