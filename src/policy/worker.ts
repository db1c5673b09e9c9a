// The thread that reads what administrators wrote. Whatever that text does to Cedar happens to an instance that
// nobody decides with, in a thread that can be ended.
import { parentPort, workerData } from 'node:worker_threads'
import { err, ok, type Result } from '../core/result.ts'
import { loadCedar } from './cedar.ts'
import { parseSources, type SourcedPolicy } from './parse-source.ts'
import { PolicyError } from './sources.ts'
import { type Remark, validateSet } from './validate-set.ts'
import type { Progress, Unreadable, WorkerCall } from './worker-calls.ts'

const cedar = loadCedar()
const progress = workerData as Progress

parentPort!.on('message', (call: WorkerCall) => parentPort!.postMessage(answer(call)))

function answer(call: WorkerCall): Result<SourcedPolicy[] | Remark[], Unreadable> {
  try {
    if (call.kind === 'validate') return ok(validateSet(cedar, call.schema, call.policies))
    return ok(
      parseSources(cedar, call.sources, (source, line) => {
        Atomics.store(progress, 0, call.sources.indexOf(source) + 1)
        Atomics.store(progress, 1, line)
      }),
    )
  } catch (error) {
    if (error instanceof PolicyError) return err({ file: error.file, line: error.line, why: error.why })
    return err({ file: 'policy', line: 1, why: 'the policy engine did not survive reading these files' })
  }
}
