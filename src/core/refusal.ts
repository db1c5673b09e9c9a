/**
 * Why something did not pass. Closed on purpose: every door maps it to its wire in one exhaustive switch, so the
 * compiler finds a forgotten case. `say` is for the person (no secrets, no attacker bytes unescaped by the door);
 * `fix` names the way out.
 */
export interface Refusal {
  readonly reason: RefusalReason
  /** One plain sentence: what was refused and why. */
  readonly say: string
  /** One plain sentence: what to do about it. */
  readonly fix?: string
  /** A page of the portal where the person can go on at once. */
  readonly at?: string
}

export type RefusalReason =
  | 'not-signed-in' // no session, or one that has ended
  | 'bad-credential' // a git password or code that is unknown, expired or used
  | 'bad-request' // bytes that no parser of ours accepts
  | 'bad-host'
  | 'not-canonical' // a URL with more than one spelling
  | 'cross-site' // Origin / Sec-Fetch-Site say that another site asks
  | 'unknown-action' // no row for this method and path
  | 'not-allowed-yet' // a row exists, and this release refuses it for everyone
  | 'not-found' // does not exist, or the reader may not know that it does
  | 'account-inactive'
  | 'device-inactive'
  | 'out-of-scope' // the token was made for something else
  | 'denied' // policy: no proof would change it
  | 'frozen' // a ref that the forge changed as nobody had signed
  | 'proof-needed' // policy: a proof would change it
  | 'others-needed' // policy: signed, and other people must countersign
  | 'proof-invalid' // a proof was given and does not hold
  | 'nonce-used'
  | 'not-approved' // a held push: its person said no, or nobody said yes in time
  | 'rate-limited'
  | 'too-large'
  | 'upstream' // the forge did not answer as it should
  | 'closing' // the gateway is draining
  | 'internal'

export function refusal(reason: RefusalReason, say: string, fix?: string): Refusal {
  return fix === undefined ? { reason, say } : { reason, say, fix }
}
