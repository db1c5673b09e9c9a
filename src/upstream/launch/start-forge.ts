import { join } from 'node:path'
import { keptSecret, privateDirectory } from '../../files/private-file.ts'
import type { Forge } from '../forge.ts'
import { createGogsForge } from '../gogs/gogs-forge.ts'
import type { ForgeProcess } from './child.ts'
import { findGogs, gogsVersion, SERVICE_USER, startGogs } from './gogs-process.ts'
import { endOrphan } from './pid-file.ts'
import { noteAddress } from './running-forge.ts'
import { startStandIn } from './stand-in-process.ts'

export interface StartForgeOptions {
  /** Directory for everything the forge keeps; made 0700 when it is not there. */
  readonly home: string
  /** Public origin of the gateway's forge side, for clone URLs on the forge's pages. */
  readonly externalUrl: string
  /** Where the gateway serves git over SSH, for the same; null when it does not. */
  readonly ssh?: { readonly host: string; readonly port: number } | null
  readonly env: NodeJS.ProcessEnv
  /** Whether a forge that is started here shows public repositories to visitors: only where some policy is for them. */
  readonly open?: boolean
  readonly log: { info(fields: object, message: string): void }
  /** A Gogs that somebody else runs: no child is started. */
  readonly configured?: {
    readonly url: string
    readonly header: string
    readonly serviceAccount: string
  } | null
  /** Which forge to start when none is configured; `auto` prefers a Gogs binary. */
  readonly prefer?: 'auto' | 'gogs' | 'stand-in'
  /** For tests: a script that the stand-in serves inside its repository pages. */
  readonly inject?: string
}

export interface StartedForge {
  readonly forge: Forge
  /** The child, or null when the forge is configured. */
  readonly process: ForgeProcess | null
  /** `gogs 0.14.3`, `stand-in`, or `gogs` for a configured one. */
  readonly version: string
  /** The administrator that the adapter acts as where no person does. */
  readonly serviceUser: string
  /** Delete minted tokens, close connections, end the child. */
  stop(): Promise<void>
}

/**
 * The forge of this home: a configured Gogs, else a Gogs binary, else the stand-in. A forge that a killed gateway left
 * running on the same home is ended first.
 */
export async function startForge(options: StartForgeOptions): Promise<StartedForge> {
  privateDirectory(options.home)
  // Minted tokens carry it, so that a later start can tell its own from those of another gateway on the same forge.
  const instance = keptSecret(join(options.home, 'instance'), 6).toString('hex')
  const pidFile = join(options.home, 'forge.pid')
  if (await endOrphan(pidFile)) options.log.info({}, 'ended a forge that an earlier run left behind')
  const { configured } = options
  if (configured) {
    const forge = createGogsForge({
      name: 'gogs',
      origin: configured.url,
      headerName: configured.header,
      serviceUser: configured.serviceAccount,
      instance,
    })
    return {
      forge,
      process: null,
      version: forge.name,
      serviceUser: configured.serviceAccount,
      stop: () => forge.close(),
    }
  }
  const binary = options.prefer === 'stand-in' ? undefined : findGogs(options.env)
  if (binary === undefined && options.prefer === 'gogs')
    throw new Error('there is no gogs on PATH and GOGS_BINARY is not set')
  const began = performance.now()
  const open = options.open ?? false
  const ssh = options.ssh ?? null
  const name = binary === undefined ? 'stand-in' : `gogs ${await gogsVersion(binary)}`
  const started = await (binary === undefined
    ? startStandIn({ ...options, ssh, open, pidFile })
    : startGogs({ ...options, ssh, open, pidFile, binary }))
  const forge = createGogsForge({
    name,
    origin: started.url,
    headerName: started.headerName,
    serviceUser: SERVICE_USER,
    instance,
  })
  noteAddress(options.home, { url: started.url, header: started.headerName, serviceAccount: SERVICE_USER })
  const ms = Math.round(performance.now() - began)
  options.log.info({ forge: name, url: started.url, ms }, 'the forge is up')
  return {
    forge,
    process: started.process,
    version: name,
    serviceUser: SERVICE_USER,
    async stop() {
      await forge.close()
      await started.process.stop()
    },
  }
}
