import { createRequire } from 'node:module'
import type * as Cedar from '@cedar-policy/cedar-wasm/nodejs'

export type { Cedar }

const require = createRequire(import.meta.url)
const MODULE = '@cedar-policy/cedar-wasm/nodejs'

/** The Cedar engine, loaded on first use. */
export function loadCedar(): typeof Cedar {
  return require(MODULE) as typeof Cedar
}

/** A fresh instance: after a trap the old one answers nothing right any more. */
export function reloadCedar(): typeof Cedar {
  delete require.cache[require.resolve(MODULE)]
  return loadCedar()
}
