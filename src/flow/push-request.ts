import type { RefUpdate } from '../core/git/ref-update.ts'

/** The head of a push as the door read it: what is wanted, and the certificate when one came along. */
export interface PushRequest {
  readonly updates: readonly RefUpdate[]
  readonly pushOptions: readonly string[]
  /** Raw certificate as it stood between `push-cert` and `push-cert-end`, or null. */
  readonly certificate: Uint8Array | null
  /** URLs under which this very repository is public; a certificate must name one of them. */
  readonly publicUrls: readonly string[]
  /** How to let the client wait; null when it could not be told why it waits. */
  readonly wait: WaitingClient | null
}

/** A client that can be kept waiting: its pack, its terminal, and whether it is still there. */
export interface WaitingClient {
  /** The pack as it comes in. */
  readonly pack: AsyncIterator<Buffer>
  /** Aborts when the client leaves. */
  readonly gone: AbortSignal
  /** Begin the answer once the whole request is in: from here on the connection is kept alive. */
  begin(): void
  /** A line for the person's terminal. */
  say(line: string): void
}
