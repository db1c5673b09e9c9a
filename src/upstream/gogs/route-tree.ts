/** A table of routes compiled to one look-up a segment. */
export interface RouteTree<F> {
  readonly fixed: Map<string, RouteTree<F>>
  readonly open: { readonly accepts: (segment: string) => boolean; readonly next: RouteTree<F> }[]
  /** Fates of a path that ends here, by method. */
  readonly here: Map<string, F>
  /** Fates of a path that goes on in any way, by method. */
  readonly beyond: Map<string, F>
}

const empty = <F>(): RouteTree<F> => ({ fixed: new Map(), open: [], here: new Map(), beyond: new Map() })

const isNumber = (segment: string): boolean => /^[0-9]{1,18}$/.test(segment)
const ACCEPTS: Record<string, (segment: string) => boolean> = {
  ':index': isNumber,
  ':id': isNumber,
  // Gogs takes a short or full id, and the same with `.patch` or `.diff`.
  ':sha': (segment) => /^[a-f0-9]{7,64}(?:\.patch|\.diff)?$/.test(segment),
}
// A leading dash would be an option to whatever Gogs runs with it.
const anySegment = (segment: string): boolean => segment.charCodeAt(0) !== 45

/** Compile a route table. Two lines for one method and path are a mistake in the table. */
export function compileRoutes<F>(
  lines: readonly (readonly [method: string, path: string, fate: F])[],
): RouteTree<F> {
  const root = empty<F>()
  for (const [method, path, fate] of lines) {
    let node = root
    let leaf = root.here
    for (const segment of path.split('/').slice(1)) {
      if (segment === '') continue
      if (segment === '*') leaf = node.beyond
      else {
        node = segment.startsWith(':')
          ? openChild(node, ACCEPTS[segment] ?? anySegment)
          : fixedChild(node, segment)
        leaf = node.here
      }
    }
    for (const name of method === 'ANY' ? ['ANY'] : method === 'GET' ? ['GET', 'HEAD'] : [method]) {
      if (leaf.has(name)) throw new Error(`two routes for ${name} ${path}`)
      leaf.set(name, fate)
    }
  }
  return root
}

/** The fate of a method at `segments`; a fixed word wins over an open one, and both over the rest of a longer path. */
export function findRoute<F>(
  tree: RouteTree<F>,
  method: string,
  segments: readonly string[],
  at = 0,
): F | undefined {
  if (at === segments.length) return tree.here.get(method) ?? tree.here.get('ANY')
  const segment = segments[at]!
  const fixed = tree.fixed.get(segment)
  if (fixed) {
    const fate = findRoute(fixed, method, segments, at + 1)
    if (fate !== undefined) return fate
  }
  for (const { accepts, next } of tree.open) {
    if (!accepts(segment)) continue
    const fate = findRoute(next, method, segments, at + 1)
    if (fate !== undefined) return fate
  }
  return anySegment(segment) ? (tree.beyond.get(method) ?? tree.beyond.get('ANY')) : undefined
}

function fixedChild<F>(node: RouteTree<F>, segment: string): RouteTree<F> {
  const child = node.fixed.get(segment) ?? empty<F>()
  node.fixed.set(segment, child)
  return child
}

function openChild<F>(node: RouteTree<F>, accepts: (segment: string) => boolean): RouteTree<F> {
  const found = node.open.find((child) => child.accepts === accepts)
  if (found) return found.next
  const next = empty<F>()
  node.open.push({ accepts, next })
  // Digits and hex before "any": the narrow ones are asked first.
  node.open.sort((a, b) => Number(a.accepts === anySegment) - Number(b.accepts === anySegment))
  return next
}
