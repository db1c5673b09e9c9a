import type { Fate, RouteLine } from './routes.ts'

/** A table of routes compiled to one look-up a segment. */
export interface RouteTree {
  readonly fixed: Map<string, RouteTree>
  readonly open: { readonly accepts: (segment: string) => boolean; readonly next: RouteTree }[]
  /** Fates of a path that ends here. */
  readonly here: Map<string, Fate>
  /** Fates of a path that goes on in any way. */
  readonly beyond: Map<string, Fate>
}

const empty = (): RouteTree => ({ fixed: new Map(), open: [], here: new Map(), beyond: new Map() })

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
export function compileRoutes(lines: readonly RouteLine[]): RouteTree {
  const root = empty()
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
export function findRoute(
  tree: RouteTree,
  method: string,
  segments: readonly string[],
  at = 0,
): Fate | undefined {
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

function fixedChild(node: RouteTree, segment: string): RouteTree {
  const child = node.fixed.get(segment) ?? empty()
  node.fixed.set(segment, child)
  return child
}

function openChild(node: RouteTree, accepts: (segment: string) => boolean): RouteTree {
  const found = node.open.find((child) => child.accepts === accepts)
  if (found) return found.next
  const next = empty()
  node.open.push({ accepts, next })
  // Digits and hex before "any": the narrow ones are asked first.
  node.open.sort((a, b) => Number(a.accepts === anySegment) - Number(b.accepts === anySegment))
  return next
}
