// How the router in front of Gogs reads a request line: a model of its own, to hold ours against. It knows nothing of our
// table, only patterns: it decodes each segment, tries words before open segments and those before the rest, goes back when
// a branch leads nowhere, and takes one trailing slash away.

/** What a request line means to the router: the pattern that it takes, and what it puts into its open words. */
export interface Reading {
  readonly pattern: string
  readonly params: Readonly<Record<string, string>>
}

interface Node {
  readonly words: Map<string, Node>
  readonly open: Map<string, Node>
  /** Patterns that end here. */
  leaf: string | undefined
  /** Pattern whose `*` begins here. */
  rest: string | undefined
}

const node = (): Node => ({ words: new Map(), open: new Map(), leaf: undefined, rest: undefined })

export type Router = (path: string) => Reading | undefined

/** A router over the patterns of one method. */
export function macaronRouter(patterns: Iterable<string>): Router {
  const root = node()
  for (const pattern of patterns) {
    let at = root
    const words = pattern.replace(/\/$/, '').split('/').slice(1)
    for (const [index, word] of words.entries()) {
      if (word === '*' && index === words.length - 1) {
        at.rest = pattern
        break
      }
      const branch = word.startsWith(':') ? at.open : at.words
      const next = branch.get(word) ?? node()
      branch.set(word, next)
      at = next
      if (index === words.length - 1) at.leaf = pattern
    }
  }
  return (path) => match(root, path.replace(/^\//, '').replace(/\/$/, '').split('/'), {})
}

function match(at: Node, segments: readonly string[], params: Record<string, string>): Reading | undefined {
  const [segment, ...others] = segments
  if (segment === undefined) return at.leaf === undefined ? undefined : { pattern: at.leaf, params }
  const text = decode(segment)
  if (text === undefined) return undefined
  const word = at.words.get(text)
  const found = word && match(word, others, params)
  if (found) return found
  for (const [name, next] of at.open) {
    const inner = match(next, others, { ...params, [name]: text })
    if (inner) return inner
  }
  const rest = decode(segments.join('/'))
  return at.rest === undefined || rest === undefined || rest === ''
    ? undefined
    : { pattern: at.rest, params: { ...params, '*': rest } }
}

/** Bytes, whatever they are in UTF-8; each stands for one character here. */
function decode(text: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** The repository that Gogs looks up for what stands in the path: one suffix goes, and names are compared folded. */
export function repoNamed(text: string): string {
  return text.replace(/\.git$/, '').toLowerCase()
}
