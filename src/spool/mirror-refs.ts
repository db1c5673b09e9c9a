import { type Git, NO_FILES } from './git.ts'
import type { SpoolLimits } from './limits.ts'

const OUTPUT_MOST = 64 << 20

/**
 * The refs of a mirror, each with an object that is really there; undefined when git cannot tell, as of a mirror that is
 * broken. Names are other people's, as latin1.
 */
export async function readRefs(
  git: Git,
  path: string,
  limits: SpoolLimits,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string> | undefined> {
  const refs = new Map<string, string>()
  let rest = ''
  let size = 0
  const { by, code } = await git.run({
    // The type makes git open each object.
    args: ['for-each-ref', '--format=%(objectname) %(objecttype) %(refname)'],
    repository: path,
    bounds: { memory: limits.processBytes, seconds: limits.processSeconds, file: NO_FILES },
    signal,
    output: (chunk) => {
      size += chunk.length
      const lines = (rest + chunk.toString('latin1')).split('\n')
      rest = lines.pop()!
      for (const line of lines) {
        const [id, , name] = line.split(' ')
        refs.set(name!, id!)
      }
      return size < OUTPUT_MOST
    },
  })
  return by === 'exit' && code === 0 ? refs : undefined
}
