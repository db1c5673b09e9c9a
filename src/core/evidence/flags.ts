import type { Json } from '../ledger/canonical-json.ts'
import type { Proof } from '../proof.ts'
import { at, type Proven } from './records.ts'

/** UP and UV are decoded from the signature, and must be what policy was told. */
export function flagsAsRecorded(
  payload: Proven['payload'],
  { up, uv, method, shown, batch }: Pick<Proof, 'up' | 'uv' | 'method' | 'batch'> & { shown: string },
): boolean {
  const proof = (member: string): Json | undefined => at(payload, 'proof', member)
  return (
    up &&
    proof('up') === true &&
    proof('uv') === uv &&
    proof('bound') === 'action' &&
    proof('method') === method &&
    proof('shown') === shown &&
    proof('batch') === batch &&
    proof('device') === at(payload, 'device', 'id')
  )
}
