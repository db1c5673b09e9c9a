import type { Git, GitBounds, ObjectFormat } from './git.ts'

/** Questions to git about one quarantine and what it borrows. */
export interface Reader {
  readonly format: ObjectFormat
  /** Run it and hand its output on as it comes. True when it came to a good end, null when not; ids go to its input. */
  stream(
    args: readonly string[],
    output: (chunk: Buffer) => boolean | undefined,
    input?: readonly string[],
  ): Promise<true | null>
  /** A question that git answers by its exit code: 0 yes, 1 no, anything else null. */
  answer(args: readonly string[]): Promise<boolean | null>
  /** Up to `most` bytes of output, and whether there was more. Null when git failed. */
  upTo(args: readonly string[], most: number): Promise<{ bytes: Buffer; more: boolean } | null>
}

export interface ReaderOptions {
  readonly git: Git
  readonly repository: string
  readonly format: ObjectFormat
  readonly bounds: GitBounds
  readonly signal: AbortSignal
}

export function createReader({ git, repository, format, bounds, signal }: ReaderOptions): Reader {
  const common = { repository, bounds, signal, attributes: format }
  return {
    format,
    stream: async (args, output, input) => {
      const stdin = input ? { stdin: Buffer.from(input.map((line) => `${line}\n`).join('')) } : {}
      const { by, code } = await git.run({ ...common, args, output, ...stdin })
      return by === 'exit' && code === 0 ? true : null
    },
    answer: async (args) => {
      const { by, code } = await git.run({ ...common, args })
      return by !== 'exit' || code === null || code > 1 ? null : code === 0
    },
    upTo: async (args, most) => {
      const parts: Buffer[] = []
      let size = 0
      const { by, code } = await git.run({
        ...common,
        args,
        output: (chunk) => {
          parts.push(chunk)
          size += chunk.length
          return size <= most
        },
      })
      if (by !== 'enough' && !(by === 'exit' && code === 0)) return null
      return { bytes: Buffer.concat(parts).subarray(0, most), more: by === 'enough' }
    },
  }
}
