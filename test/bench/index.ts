import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { type Bench, makeBench } from './bench'
import { coldStart } from './cold-start'
import { deliver } from './deliver'
import { fanOut } from './fan-out'
import { history } from './history'
import { importFile } from './import'
import { isolation } from './isolation'
import { latency } from './latency'
import { memory } from './memory'
import { publish } from './publish'
import { recovery } from './recovery'
import { s3 } from './s3'
import { viewer } from './viewer'

const measures: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  publish,
  deliver,
  latency,
  s3,
  'fan-out': fanOut,
  isolation,
  memory,
  recovery,
  history,
  viewer,
  import: importFile,
  'cold-start': coldStart,
}

const { values } = parseArgs({ options: { short: { type: 'boolean', default: false }, only: { type: 'string' } } })
const names = values.only?.split(',') ?? Object.keys(measures)
for (const name of names) {
  if (!Object.hasOwn(measures, name))
    throw new Error(`There is no measure ${name}: ${Object.keys(measures).join(', ')}.`)
}

const bench = makeBench(values.short)
bench.print(
  `${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 1024 ** 3)} GiB, ${process.platform}, Node ${process.versions.node}${values.short ? ', short form' : ''}`,
)
try {
  for (const name of names) await measures[name]!(bench)
} finally {
  bench.cleanUp()
}
