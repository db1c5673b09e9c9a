import { SERVICE_USER } from '../src/upstream/launch/gogs-process.ts'
import { startForge } from '../src/upstream/launch/start-forge.ts'
import type { RunningGateway } from '../test/support/gateway.ts'
import { scratch } from '../test/support/gateway.ts'
import { type Pusher, pusher } from '../test/support/pusher.ts'
import { gatewayBefore } from './behind.ts'
import { startChild } from './child.ts'

/** A forge that git can reach both ways: through a gateway as an enrolled person, and directly with a minted token. */
export interface GitBed {
  /** `gogs <version>` or `stand-in`. */
  readonly forge: string
  readonly gateway: RunningGateway
  readonly keeper: Pusher
  /** A new empty repository; its address for each way, credentials inside. `bare`: through a bare undici proxy. */
  newRepository(): Promise<{ readonly direct: string; readonly bare: string; readonly through: string }>
  stop(): Promise<void>
}

export async function openGitBed(settings: object = {}): Promise<GitBed> {
  const started = await startForge({
    home: scratch('bench-forge'),
    externalUrl: 'http://127.0.0.1',
    env: process.env,
    log: { info() {} },
  })
  const { forge } = started
  const gateway = await gatewayBefore(
    {
      url: forge.origin,
      header: forge.identityHeaders('nobody')[0]![0],
      serviceAccount: SERVICE_USER,
    },
    settings,
  )
  const keeper = await pusher(gateway, 'keeper', gateway.enroll!)
  const basic = await forge.gitAuthorization('keeper')
  const token = Buffer.from(basic.slice('Basic '.length), 'base64').toString('latin1')
  const bare = await startChild<{ origin: string }>('bare-proxy.ts', forge.origin)
  let made = 0
  return {
    forge: started.version,
    gateway,
    keeper,
    async newRepository() {
      const name = `bench-${++made}`
      await forge.createRepo('keeper', name, { private: true, readme: false })
      const path = `/keeper/${name}.git`
      return {
        direct: `${forge.origin.replace('//', `//${token}@`)}${path}`,
        bare: `${bare.ready.origin.replace('//', `//${token}@`)}${path}`,
        through: keeper.remote(`${gateway.url}${path}`),
      }
    },
    async stop() {
      keeper.agent.close()
      await bare.stop()
      await gateway.stop()
      await started.stop()
    },
  }
}
