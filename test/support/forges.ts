import { findGogs } from '../../src/upstream/launch/gogs-process.ts'

/** The forges a suite runs against: the stand-in always, and the real Gogs when there is a binary. */
export function forges(): readonly { readonly name: string; readonly env: Record<string, string> }[] {
  const standIn = { name: 'stand-in', env: { COUNTERSIGN_FORGE: 'stand-in' } }
  return findGogs(process.env) === undefined ? [standIn] : [standIn, { name: 'real Gogs', env: {} }]
}
