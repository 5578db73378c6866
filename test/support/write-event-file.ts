// Writes a file of generated events; the options are in test/fixtures/README.md.
import { parseArgs } from 'node:util'
import { writeEventFile } from './event-generator.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    start: { type: 'string' },
    'mean-gap': { type: 'string' },
    tenant: { type: 'string' },
    short: { type: 'boolean', default: false },
  },
})
const path = positionals[0]
if (path === undefined) throw new Error('Give the path of the file to write.')
const began = performance.now()
const result = await writeEventFile(path, {
  seed: Number(values.seed),
  count: Number(values.count),
  detail: values.short ? 'short' : 'full',
  ...(values.start === undefined ? {} : { start: Date.parse(values.start) }),
  ...(values['mean-gap'] === undefined ? {} : { meanGap: Number(values['mean-gap']) }),
  ...(values.tenant === undefined ? {} : { tenant: values.tenant }),
})
const seconds = (performance.now() - began) / 1000
process.stdout.write(`${JSON.stringify({ path, seconds, ...result }, null, 2)}\n`)
