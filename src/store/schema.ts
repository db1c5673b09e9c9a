// Every table of the store. Times are unix milliseconds; flags are 0 or 1; secrets are kept only as sha256.

export interface Schema {
  account: AccountTable
  device: DeviceTable
  invitation: InvitationTable
  session: SessionTable
  git_password: GitPasswordTable
  api_token: ApiTokenTable
  used_nonce: UsedNonceTable
  intent: IntentTable
  hold: HoldTable
  would_be: WouldBeTable
  frozen_ref: FrozenRefTable
  ledger_entry: LedgerEntryTable
  ledger_node: LedgerNodeTable
  ledger_checkpoint: LedgerCheckpointTable
  setting: SettingTable
}

export interface AccountTable {
  id: string
  name: string
  /** `name` folded as the forge folds it; unique. */
  name_folded: string
  email: string
  forge_id: number
  admin: number
  state: 'active' | 'disabled'
  created_at: number
}

export interface DeviceTable {
  id: string
  account_id: string
  kind: 'webauthn' | 'ssh-sk'
  name: string
  state: 'active' | 'suspended' | 'revoked'
  credential: string
  public_key: Uint8Array
  counter: number
  backup_eligible: number
  /** JSON array of WebAuthn transports; `[]` for ssh-sk. */
  transports: string
  enrolled_by: string
  created_at: number
  last_used_at: number | null
}

/** A one-time link: it admits the first device of an account, or one more after recovery. */
export interface InvitationTable {
  id: string
  secret_hash: string
  account_id: string
  kind: 'invitation' | 'recovery'
  created_by: string
  created_at: number
  expires_at: number
  used_at: number | null
}

/** A browser session. A `forge` session hangs on a `portal` session and ends with it. */
export interface SessionTable {
  id: string
  secret_hash: string
  door: 'portal' | 'forge'
  parent_id: string | null
  account_id: string
  device_id: string
  user_agent: string
  created_at: number
  last_seen_at: number
  expires_at: number
  /** Whether the sign-in showed user verification. */
  uv: number
}

export interface GitPasswordTable {
  id: string
  secret_hash: string
  account_id: string
  device_id: string
  created_at: number
  expires_at: number
  revoked_at: number | null
  /** The portal session in which it was asked for; null for those of the first schema. */
  session_id: string | null
}

/** A token for programs. */
export interface ApiTokenTable {
  id: string
  secret_hash: string
  account_id: string
  device_id: string
  name: string
  /** JSON of a TokenScope. */
  scope: string
  created_at: number
  expires_at: number
  revoked_at: number | null
}

export interface UsedNonceTable {
  nonce: string
  /** When the row may go: after the nonce itself can no longer be valid. */
  forget_at: number
}

/** An intent that was made durable before the forge heard of the change. */
export interface IntentTable {
  id: string
  entry_index: number
  state: 'open' | 'settled'
  account_id: string
  repo_id: number
  repo_owner: string
  repo_name: string
  part: 'code' | 'wiki'
  /** JSON array of RefUpdate. One whose `after` is its `before` does not move, and is only kept from others. */
  updates: string
  created_at: number
  /** 1: while it is open, nobody else moves its refs. */
  exclusive: number
  /** A second repository of which it keeps a ref. */
  other_repo_id: number | null
}

/** A ref that the forge changed as nobody had signed. Readable, and moved by nobody through this gateway. */
export interface FrozenRefTable {
  repo_id: number
  part: 'code' | 'wiki'
  ref: string
  repo_owner: string
  repo_name: string
  /** Of the intent that it came of. */
  entry_index: number
  reason: string
  frozen_at: number
}

/** A held push whose end is not on record yet: the row goes with the entry that ends it. */
export interface HoldTable {
  entry_index: number
  account_id: string
  repo_id: number
  created_at: number
}

/** What would have been asked for or refused if it were enforced: one row for a day, person, verb, place and decision. */
export interface WouldBeTable {
  /** `2026-11-24`, UTC. */
  day: string
  account_id: string
  verb: string
  place: string
  decision: 'challenge' | 'deny'
  /** JSON array of policy ids. */
  policies: string
  say: string
  uv: number
  people: number
  times: number
  last_at: number
  entry_index: number
}

export interface LedgerEntryTable {
  /** Position in the log, from 0. */
  idx: number
  type: string
  time: number
  /** The exact bytes that are hashed into the tree. */
  bytes: Uint8Array
  /** What `commit` in the entry commits to; erasable. */
  payload: Uint8Array | null
  salt: Uint8Array | null
  /** Look-ups for readers; no part of the proof. */
  account_id: string | null
  repo_id: number | null
}

/** Complete subtrees of the RFC 6962 tree: `level` 0 are the leaf hashes. */
export interface LedgerNodeTable {
  level: number
  idx: number
  hash: Uint8Array
}

export interface LedgerCheckpointTable {
  size: number
  /** The signed note (C2SP tlog-checkpoint), whole. */
  note: string
}

export interface SettingTable {
  key: string
  value: string
}
