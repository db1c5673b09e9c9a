import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { err, ok, type Result } from '../core/result.ts'

/** What `npm start -- ...` understands. */
export interface StartOptions {
  readonly home: string
  /** First of three neighbouring ports; 0 picks free ones. */
  readonly port: number
  readonly json: boolean
}

export const USAGE = `usage: npm start -- [--home DIR] [--port N] [--json]

  --home DIR   where keys, database and the forge live (default .countersign)
  --port N     forge on http://127.0.0.1:N, portal on http://localhost:N+1, git over ssh on N+2; 0 picks free ports (default 3000)
  --json       print one line of JSON when ready
`

/** `root` is the checkout, `cwd` where the person stood when they typed the command. */
export function startOptions(
  argv: readonly string[],
  root: string,
  cwd: string,
): Result<StartOptions, string> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        home: { type: 'string' },
        port: { type: 'string', default: '3000' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return err(USAGE)
    const port = Number(values.port)
    if (!/^\d+$/.test(values.port) || port > 65533) return err('--port takes a number from 0 to 65533')
    return ok({
      home: values.home === undefined ? resolve(root, '.countersign') : resolve(cwd, values.home),
      port,
      json: values.json,
    })
  } catch (error) {
    return err((error as Error).message)
  }
}
