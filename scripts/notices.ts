// Writes THIRD-PARTY-NOTICES.md: every package that a production install brings, with version and licence. `--check`
// fails when the file is out of date.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

interface Locked {
  readonly version?: string
  readonly dev?: boolean
  readonly license?: string
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, Locked>
}
const rows = Object.entries(packages)
  .filter(([path, { dev }]) => path !== '' && !dev)
  .map(([path, { version = '', license }]) => {
    const manifest = `${path}/package.json`
    const declared =
      license ??
      (existsSync(manifest) ? (JSON.parse(readFileSync(manifest, 'utf8')) as Locked).license : undefined)
    return `| ${path.slice(path.lastIndexOf('node_modules/') + 13)} | ${version} | ${declared ?? 'see package'} |`
  })
  .sort()
const text = `# Third-party notices

Countersign itself is under the Apache License 2.0 (LICENSE). A production install brings these packages, each under its
own licence; their full texts come with the packages. This file is written by \`scripts/notices.ts\`.

| package | version | licence |
|---|---|---|
${[...new Set(rows)].join('\n')}
`
if (process.argv.includes('--check')) {
  if (!existsSync('THIRD-PARTY-NOTICES.md') || readFileSync('THIRD-PARTY-NOTICES.md', 'utf8') !== text) {
    process.stderr.write('THIRD-PARTY-NOTICES.md is out of date: run node scripts/notices.ts\n')
    process.exitCode = 1
  }
} else writeFileSync('THIRD-PARTY-NOTICES.md', text)
