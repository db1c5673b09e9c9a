import type { RefUpdate } from '../core/git/ref-update.ts'

/** The head of a push as the door read it: what is wanted, and the certificate when one came along. */
export interface PushRequest {
  readonly updates: readonly RefUpdate[]
  readonly pushOptions: readonly string[]
  /** Raw certificate as it stood between `push-cert` and `push-cert-end`, or null. */
  readonly certificate: Uint8Array | null
  /** URLs under which this very repository is public; a certificate must name one of them. */
  readonly publicUrls: readonly string[]
}
