import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../src/upstream/launch/child.ts'
import { type RunningGateway, scratch, startGateway } from '../test/support/gateway.ts'

/** A forge that runs already, so that it can be reached with and without the gateway. */
export interface Running {
  readonly url: string
  readonly header: string
  readonly serviceAccount: string
}

/** A gateway in front of a forge that somebody else runs; `settings` are further members of its configuration. */
export async function gatewayBefore(
  { url, header, serviceAccount }: Running,
  settings: object = {},
): Promise<RunningGateway> {
  const home = scratch('bench-home')
  const port = await freePort()
  const config = {
    forge: `http://127.0.0.1:${port}`,
    portal: `http://localhost:${port}`,
    listen: { host: '127.0.0.1', port },
    gogs: { url, header, serviceAccount },
    ...settings,
  }
  // JSON is YAML.
  writeFileSync(join(home, 'countersign.yaml'), JSON.stringify(config))
  return startGateway({ home, env: { COUNTERSIGN_LOG: 'warn' } })
}
