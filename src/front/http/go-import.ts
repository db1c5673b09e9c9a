import type { ServerResponse } from 'node:http'
import type { RepoRef } from '../../core/action/action.ts'

/**
 * What Go's tool reads to find the code of an import path (https://go.dev/ref/mod#vcs-find): the repository's root in the
 * spelling of `path`, which the tool compares, and its address in the forge's own. Both are names that the adapter accepted.
 */
export function answerGoGet(
  res: ServerResponse,
  forgeOrigin: string,
  path: string,
  { owner, name }: RepoRef,
): void {
  const root = `${new URL(forgeOrigin).host}/${path.split('/').slice(1, 3).join('/')}`
  const body = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${root}</title>
<meta name="go-import" content="${root} git ${forgeOrigin}/${owner}/${name}.git"></head>
<body>go get ${root}</body></html>
`
  res.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  })
  res.end(body)
}
