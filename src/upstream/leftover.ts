/** Kinds of what people made in a forge before a gateway stood in front of it, and that still acts beside or behind the gateway. */
export type LeftoverKind =
  | 'ssh-key'
  | 'token'
  | 'deploy-key'
  | 'webhook'
  | 'mirror'
  | 'administrator'
  | 'password'
  | 'protected-branch'
  | 'closed-account' // nobody can be them at the forge, so what they have cannot be looked into

/** One of them. Never a secret: a token by its name, a webhook by its host, a key by its fingerprint or comment. */
export interface Leftover {
  readonly kind: LeftoverKind
  /** Whose it is: a login name, `owner/repository`, or an organisation. */
  readonly where: string
  readonly name: string
  /** The forge's id, for ending it; null for what the forge's interface does not end. */
  readonly id: number | null
}
