import { parentPort } from 'node:worker_threads'
import type { Topic } from '../../shared/contract'
import { AppError } from '../../shared/errors'
import { Engine } from '../engine/engine'
import { DemoSource } from '../engine/sources/demo-source'
import type { Actor } from '../store/audit'
import { emit, serve } from './rpc'

/** What the engine thread opens. */
export interface EngineThreadData {
  readonly workspace: string
  readonly key: Uint8Array | null
  readonly version: string
}

/** Change messages of one topic are sent at most this often. */
const COALESCE_MS = 100

const port = parentPort!

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

let engine: Engine | null = null
let demo: DemoSource | null = null

function open({ workspace, key, version }: EngineThreadData): void {
  engine = new Engine({
    workspace,
    key,
    version,
    onChanged,
    onNotice: (error) => emit(port, 'notice', error),
    onAlert: (alert) => emit(port, 'alert', alert),
  })
}

serve(port, async (name, input, context) => {
  if (name === 'thread.open') return open(input as EngineThreadData)
  if (engine === null) throw new AppError('engine_unavailable')
  if (name === 'thread.unlock') return engine.unlock(input as Uint8Array)
  if (name === 'thread.close') {
    demo?.stop()
    return engine.close(input as number)
  }
  if (name === 'thread.demo') {
    demo = new DemoSource(engine, input as string)
    return demo.start()
  }
  if (!engine.answers(name)) throw new AppError('unknown_call')
  return engine.call(name, input as never, context as Actor)
})
