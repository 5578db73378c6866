import { parentPort, workerData } from 'node:worker_threads'
import type { Topic } from '../../shared/contract'
import { AppError } from '../../shared/errors'
import { Engine } from '../engine/engine'
import { DemoSource } from '../engine/sources/demo-source'
import type { Actor } from '../store/audit'
import { emit, reportFailure, serve } from './rpc'

/** What the host gives the engine thread. */
export interface EngineThreadData {
  readonly workspace: string
  readonly key: Uint8Array | null
  readonly version: string
  /** File of events that the demo publishes in a loop; null without a demo. */
  readonly demoEvents: string | null
}

/** Change messages of one topic are sent at most this often. */
const COALESCE_MS = 100

const port = parentPort!
const data = workerData as EngineThreadData

const changed = new Set<Topic>()
function onChanged(topic: Topic): void {
  if (changed.size === 0) {
    setTimeout(() => {
      emit(port, 'changed', [...changed])
      changed.clear()
    }, COALESCE_MS)
  }
  changed.add(topic)
}

try {
  const engine = new Engine({
    workspace: data.workspace,
    key: data.key,
    version: data.version,
    onChanged,
    onNotice: (error) => emit(port, 'notice', error),
    onAlert: (alert) => emit(port, 'alert', alert),
  })
  let demo: DemoSource | null = null
  serve(port, async (name, input, context) => {
    if (name === 'thread.unlock') return engine.unlock(input as Uint8Array)
    if (name === 'thread.close') {
      demo?.stop()
      return engine.close(input as number)
    }
    if (name === 'thread.demo') {
      demo = new DemoSource(engine, data.demoEvents!)
      return demo.start()
    }
    if (!engine.answers(name)) throw new AppError('unknown_call')
    return engine.call(name, input as never, context as Actor)
  })
} catch (error) {
  reportFailure(port, error)
}
