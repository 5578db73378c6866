import { hash } from 'node:crypto'
import { openSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { Random } from './random.ts'

// A webhook receiver as a process of its own: what it wrote survives a kill -9 of the sender. `receiver-launcher.ts` starts it;
// by hand: node test/support/receiver-process.ts --ids /tmp/ids.txt --port 8123 --status 200=95,500=5 --latency 5-20
//
// For every request it appends one line `<webhook-id> <sha256 of the body, hex> <status>` to the file, and only then answers; with
// `--path` the path of the request follows. The status `reset` breaks the connection and `hang` never answers: both are written as 0.
// It says `{"port":…}` on stdout when it listens, and ends when its standard input ends, so it cannot outlive its parent.

const { values } = parseArgs({
  options: {
    ids: { type: 'string' },
    port: { type: 'string', default: '0' },
    status: { type: 'string', default: '200=1' },
    latency: { type: 'string', default: '0-0' },
    seed: { type: 'string', default: '1' },
    path: { type: 'boolean', default: false },
  },
})
if (values.ids === undefined) throw new Error('Give the file to write to: --ids <path>')

const ids = openSync(values.ids, 'a')
const random = new Random(Number(values.seed))
const [latencyMin = 0, latencyMax = latencyMin] = values.latency.split('-').map(Number)
type Answer = number | 'reset' | 'hang'
const mix = values.status.split(',').map((part) => {
  const [status = '', weight = '1'] = part.split('=')
  const answer: Answer = status === 'reset' || status === 'hang' ? status : Number(status)
  return { answer, weight: Number(weight) }
})
const total = mix.reduce((sum, { weight }) => sum + weight, 0)

function drawAnswer(): Answer {
  if (mix.length === 1) return mix[0]!.answer
  let dice = random.float() * total
  for (const { answer, weight } of mix) {
    dice -= weight
    if (dice < 0) return answer
  }
  return mix.at(-1)!.answer
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('error', () => {})
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    const drawn = drawAnswer()
    const path = values.path ? ` ${request.url}` : ''
    const status = typeof drawn === 'number' ? drawn : 0
    writeSync(ids, `${request.headers['webhook-id'] ?? '-'} ${hash('sha256', body, 'hex')} ${status}${path}\n`)
    if (drawn === 'hang') return
    if (drawn === 'reset') {
      request.socket.resetAndDestroy()
      return
    }
    const answer = () => response.writeHead(status, { 'Content-Length': '0' }).end()
    if (latencyMax > 0) setTimeout(answer, random.int(latencyMin, latencyMax))
    else answer()
  })
})
server.listen(Number(values.port), '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`)
})
process.stdin.on('end', () => process.exit()).resume()
