export interface User {
  readonly id: number
  name: string
  email: string
  admin: boolean
  /** Ids of the owners when it is an organisation, else null. */
  readonly owners: number[] | null
}

export interface Token {
  readonly id: number
  readonly userId: number
  readonly name: string
  /** SHA-256 of the token in hex; the token itself is shown once. */
  readonly digest: string
}

export interface Comment {
  readonly id: number
  readonly posterId: number
  content: string
}

export interface Issue {
  readonly index: number
  title: string
  content: string
  readonly posterId: number
  closed: boolean
  assigneeId: number
  milestoneId: number
  comments: Comment[]
  readonly pull: {
    readonly base: string
    readonly head: string
    /** Id of the repository that it comes from; its own unless given. */
    readonly headRepo?: number
    merged: boolean
  } | null
}

export interface Milestone {
  readonly id: number
  readonly title: string
  closed: boolean
}

export interface Release {
  readonly id: number
  readonly tag: string
  readonly target: string
  title: string
  notes: string
  draft: boolean
  files?: string[]
}

export type Mode = 'read' | 'write' | 'admin'

export interface Repo {
  readonly id: number
  readonly ownerId: number
  readonly name: string
  private: boolean
  /** Id of the repository that it was made from. */
  readonly forkOf?: number
  description?: string
  /** Addresses of its webhooks; none is ever called. */
  hooks?: string[]
  readonly defaultBranch: string
  /** By user id. */
  collaborators: Record<string, Mode>
  issues: Issue[]
  milestones: Milestone[]
  releases?: Release[]
}

export interface State {
  /** Last id given; ids are never used twice. */
  lastId: { user: number; repo: number; token: number; comment: number; milestone: number; release: number }
  /** Key of CSRF tokens, hex. */
  readonly csrfKey: string
  users: User[]
  repos: Repo[]
  tokens: Token[]
}
