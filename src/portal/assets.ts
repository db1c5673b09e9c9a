import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { sha256 } from '../core/crypto.ts'

export interface Asset {
  readonly type: string
  readonly body: string
}

/** Everything the portal serves besides pages, read once. No name of a request is ever looked up on disk. */
export interface Assets {
  /** By the name in `/assets/NAME`; names carry a digest, so that browsers may keep them for good. */
  readonly byName: ReadonlyMap<string, Asset>
  /** Address of a stylesheet or script by its source name, e.g. `base.css`, `sign-in.ts`. */
  path(source: string): string
  /** All styles as one text, for pages of an origin that does not serve assets. */
  readonly inlineStyles: string
}

const STYLES = ['tokens.css', 'base.css']
const SCRIPTS = ['sign-in.ts', 'enrol.ts', 'page.ts', 'hold.ts', 'pending.ts', 'change.ts']
const IMPORT = /(\bfrom\s+|\bimport\s+)'\.\/([a-z-]+\.ts)'/g

/**
 * Read styles now, and scripts when the first page wants one: browser TypeScript is stripped of its types, and what does
 * that is as large as a third of an idle gateway. The imports of scripts point to digested names.
 */
export function loadAssets(): Assets {
  const byName = new Map<string, Asset>()
  const paths = new Map<string, string>()

  function add(source: string, body: string, type: string, extension: string): string {
    const digest = sha256(body).toString('hex').slice(0, 16)
    const name = `${source.slice(0, source.lastIndexOf('.'))}.${digest}.${extension}`
    byName.set(name, { type, body })
    paths.set(source, `/assets/${name}`)
    return name
  }

  /** A script after those it imports, since its text names their digests. */
  function script(source: string): string {
    const known = paths.get(source)
    if (known !== undefined) return known.slice('/assets/'.length)
    const stripped = stripTypeScriptTypes(read(`browser/${source}`))
    const linked = stripped.replace(IMPORT, (_, from: string, name: string) => `${from}'./${script(name)}'`)
    return add(source, linked, 'text/javascript; charset=utf-8', 'js')
  }

  const styles = STYLES.map((source) => read(`styles/${source}`))
  STYLES.forEach((source, i) => {
    add(source, styles[i]!, 'text/css; charset=utf-8', 'css')
  })
  let scriptsRead = false
  function readScripts(): void {
    if (scriptsRead) return
    for (const source of SCRIPTS) script(source)
    scriptsRead = true
  }

  return {
    get byName() {
      readScripts()
      return byName
    },
    inlineStyles: styles.join('\n'),
    path(source) {
      if (source.endsWith('.ts')) readScripts()
      const path = paths.get(source)
      if (path === undefined) throw new Error(`no asset ${source}`)
      return path
    },
  }
}

function read(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8')
}
