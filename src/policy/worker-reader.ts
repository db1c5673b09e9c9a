import { Worker } from 'node:worker_threads'
import { err, type Result } from '../core/result.ts'
import type { SourcedPolicy } from './parse-source.ts'
import type { PolicyReader } from './reader.ts'
import { PolicyError, type Source } from './sources.ts'
import type { Remark } from './validate-set.ts'
import type { Progress, Unreadable, WorkerCall } from './worker-calls.ts'

const PROGRAM = new URL('./worker.ts', import.meta.url)
/** Longest that reading, and then validating, a set may take, ms. */
const PATIENCE = 10_000
/** MiB. Cedar's own memory is not counted here; what bounds it is the size of the files. */
const LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4, stackSizeMb: 4 }

// What reads untrusted text is told nothing of the environment but where compiled code lies, which makes it start faster.
const CACHE = 'NODE_COMPILE_CACHE'
const ENV = process.env[CACHE] === undefined ? {} : { [CACHE]: process.env[CACHE] }

type Answer = Result<unknown, Unreadable>

/**
 * Reads in a thread of its own: text that ends Cedar's instance, never ends, or fills the heap costs that thread and is a
 * {@link PolicyError} with the place that was reached. `patience` is in ms a step.
 */
export function openWorkerReader({ patience = PATIENCE, program = PROGRAM } = {}): PolicyReader {
  const progress: Progress = new Int32Array(new SharedArrayBuffer(8))
  const worker = new Worker(program, {
    name: 'policy reader',
    workerData: progress,
    env: ENV,
    execArgv: [],
    resourceLimits: LIMITS,
  })
  let pending: ((answer: Answer) => void) | undefined
  let ended: string | undefined
  let sources: readonly Source[] = []

  function settle(answer: Answer): void {
    pending?.(answer)
    pending = undefined
  }
  function end(why: string): void {
    ended ??= why
    const file = sources[Atomics.load(progress, 0) - 1]?.file
    settle(err({ file: file ?? 'policy', line: file ? Atomics.load(progress, 1) : 1, why: ended }))
  }
  worker.on('message', settle)
  worker.on('messageerror', () => end('the reader of policies answered nothing'))
  worker.on('error', ({ code }: NodeJS.ErrnoException) =>
    end(
      code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'takes too much memory to read' : 'the reader of policies failed',
    ),
  )
  worker.on('exit', () => end('the reader of policies ended'))

  async function ask(call: WorkerCall): Promise<unknown> {
    const timer = setTimeout(() => {
      end(`not read within ${patience / 1000} s`)
      void worker.terminate()
    }, patience)
    const answer = await new Promise<Answer>((resolve) => {
      pending = resolve
      if (ended === undefined) worker.postMessage(call)
      else end(ended)
    })
    clearTimeout(timer)
    if (answer.ok) return answer.value
    throw new PolicyError(answer.error.file, answer.error.line, answer.error.why)
  }

  return {
    async parse(wanted) {
      sources = wanted
      const policies = await ask({ kind: 'parse', sources: wanted.map(({ file, text }) => ({ file, text })) })
      return policies as SourcedPolicy[]
    },
    async validate(schema, policies) {
      sources = [] // a set is judged as one: no file is where it ended
      const judged = policies.map(({ file, line, json }) => ({ file, line, json }))
      return (await ask({ kind: 'validate', schema, policies: judged })) as Remark[]
    },
    async close() {
      await worker.terminate()
    },
  }
}
