import { hash } from 'node:crypto'
import { openSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { parseArgs } from 'node:util'
import { Random } from './random.ts'

// A webhook receiver as a process of its own: what it wrote survives a kill -9 of the sender. `receiver-launcher.ts` starts it;
// by hand: node test/support/receiver-process.ts --ids /tmp/ids.txt --port 8123 --status 200=95,500=5 --latency 5-20
//
// For every request it appends one line `<webhook-id> <sha256 of the body, hex> <status>` to the file, and only then answers; with
// `--path` the path of the request follows. The status `reset` breaks the connection and `hang` never answers: both are written as 0.
// With --count-only it reads nothing but the length of a request, writes nothing and always answers 200: for benches, whose bound
// it must not be. A GET then answers `{"requests":…,"cpuMs":…}`. With --one-good-in=N it answers 503 to all but every N-th. With
// --arrivals it also notes the `webhook-id` of each request and when its first byte came, ns of the machine's monotonic clock, which all its
// processes share; a GET of /arrivals answers them as `[["<id>",<ns>],…]` and forgets them.
// It says `{"port":…}` on stdout when it listens, and ends when its standard input ends, so it cannot outlive its parent.

const { values } = parseArgs({
  options: {
    ids: { type: 'string' },
    port: { type: 'string', default: '0' },
    status: { type: 'string', default: '200=1' },
    latency: { type: 'string', default: '0-0' },
    seed: { type: 'string', default: '1' },
    'count-only': { type: 'boolean', default: false },
    'one-good-in': { type: 'string', default: '1' },
    arrivals: { type: 'boolean', default: false },
    path: { type: 'boolean', default: false },
  },
})
if (values.ids === undefined && !values['count-only']) throw new Error('Give the file to write to: --ids <path>')

const ids = values.ids === undefined ? -1 : openSync(values.ids, 'a')
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

const recorder = () =>
  createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
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

const HEAD_END = Buffer.from('\r\n\r\n')
const ACCEPTED = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
const UNAVAILABLE = Buffer.from('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n')
const LENGTH_REQUIRED = Buffer.from('HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')

/** Node's own server spends more on a request than the client that is measured; this one knows just enough of HTTP/1.1. */
const counter = () => {
  let requests = 0
  let arrivals: [id: string, at: number][] = []
  const oneGoodIn = Number(values['one-good-in'])
  return createSocketServer({ noDelay: true }, (socket) => {
    let head: Buffer = Buffer.alloc(0)
    let bodyLeft = 0
    let begunAt = 0
    const answer = (get: string | undefined) => {
      if (get === undefined) return void socket.write(++requests % oneGoodIn === 0 ? ACCEPTED : UNAVAILABLE)
      const { user, system } = process.cpuUsage()
      const isList = get === '/arrivals'
      const text = JSON.stringify(isList ? arrivals : { requests, cpuMs: (user + system) / 1000 })
      if (isList) arrivals = []
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
    }
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      let rest = chunk
      while (rest.length > 0) {
        if (bodyLeft > 0) {
          const taken = Math.min(bodyLeft, rest.length)
          bodyLeft -= taken
          rest = rest.subarray(taken)
          if (bodyLeft === 0) answer(undefined)
          continue
        }
        if (head.length === 0 && values.arrivals) begunAt = Number(process.hrtime.bigint())
        head = head.length === 0 ? rest : Buffer.concat([head, rest])
        const end = head.indexOf(HEAD_END)
        if (end < 0) return
        rest = head.subarray(end + HEAD_END.length)
        const text = head.toString('latin1', 0, end)
        head = Buffer.alloc(0)
        if (/\r\ntransfer-encoding:/i.test(text)) {
          socket.removeAllListeners('data').resume()
          return void socket.end(LENGTH_REQUIRED)
        }
        bodyLeft = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0)
        const get = /^GET (\S+)/.exec(text)?.[1]
        if (values.arrivals && get === undefined)
          arrivals.push([/\r\nwebhook-id: *(\S+)/i.exec(text)?.[1] ?? '-', begunAt])
        if (bodyLeft === 0) answer(get)
      }
    })
  })
}

const server = values['count-only'] ? counter() : recorder()
server.listen(Number(values.port), '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`)
})
process.stdin.on('end', () => process.exit()).resume()
