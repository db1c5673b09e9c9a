import { pino } from 'pino'
import type { Log } from './flow/context.ts'

/** Fields that must not reach a log even when somebody hands them over by mistake. */
const NEVER = ['authorization', 'cookie', 'secret', 'password', 'token', 'code', 'set-cookie'].flatMap(
  (name) => [`["${name}"]`, `*["${name}"]`],
)

/** Structured lines on standard error; `level` as pino knows them, `silent` for tests. */
export function createLog(level: string): Log {
  return pino(
    {
      level,
      base: null,
      redact: { paths: NEVER, censor: '[redacted]' },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
    },
    process.stderr,
  )
}
