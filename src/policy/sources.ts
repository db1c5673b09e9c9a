import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A policy file that cannot be used; the message is `file:line: why`. */
export class PolicyError extends Error {
  readonly code = 'bad-policy'
  readonly file: string
  readonly line: number
  readonly why: string
  constructor(file: string, line: number, why: string, options?: ErrorOptions) {
    super(`${file}:${line}: ${why}`, options)
    this.file = file
    this.line = line
    this.why = why
  }
}

/** Cedar's instance died of this file. */
export class PolicyTrap extends PolicyError {}

export interface Source {
  /** File name, for messages and for ids of policies that have no `@id`. */
  readonly file: string
  readonly text: string
}

/** Text that comes with the gateway. */
export function shippedSource(name: 'default.cedar' | 'schema.cedarschema'): Source {
  return { file: name, text: readFileSync(join(import.meta.dirname, name), 'utf8') }
}
