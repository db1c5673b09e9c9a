import type { Git, GitBounds } from './git.ts'

/** Whether every id names an object that is in the repository, or in one that it borrows from. */
export async function holdsAll(question: {
  readonly git: Git
  readonly repository: string
  readonly ids: readonly string[]
  readonly bounds: GitBounds
  readonly signal: AbortSignal
}): Promise<boolean> {
  const { git, repository, ids, bounds, signal } = question
  if (ids.length === 0) return true
  let lines = ''
  const { by, code } = await git.run({
    args: ['cat-file', '--batch-check=%(objectname)', '--buffer'],
    repository,
    bounds,
    signal,
    stdin: Buffer.from(`${ids.join('\n')}\n`),
    output: (chunk) => {
      lines += chunk.toString('latin1')
      return true
    },
  })
  return by === 'exit' && code === 0 && lines === `${ids.join('\n')}\n`
}
