import { createRequire } from 'node:module'
import type * as Cedar from '@cedar-policy/cedar-wasm/nodejs'

export type { Cedar }

// The CommonJS flavour: an ES module cannot be instantiated a second time.
const MODULE = '@cedar-policy/cedar-wasm/nodejs'

/** The Cedar engine, loaded on first use (4 MB of wasm, about 15 MB of memory). */
export function loadCedar(): typeof Cedar {
  return createRequire(import.meta.url)(MODULE) as typeof Cedar
}

/** A fresh instance: after a trap the old one answers nothing right any more. */
export function freshCedar(): typeof Cedar {
  const require = createRequire(import.meta.url)
  delete require.cache[require.resolve(MODULE)]
  return require(MODULE) as typeof Cedar
}
