// Does the one thing that electron-builder asks of 7-Zip for a tar.gz: `a … -mx=LEVEL OUT.gz IN.tar`.
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

const args = process.argv.slice(2)
const [output, input, ...more] = args.filter((arg) => !arg.startsWith('-')).slice(1)
if (args[0] !== 'a' || !output?.endsWith('.gz') || !input?.endsWith('.tar') || more.length > 0) {
  console.error(`this stand-in for 7-Zip only compresses a tar file to gz, not: ${args.join(' ')}`)
  process.exit(2)
}
// The highest level takes three times as long for one percent.
await pipeline(createReadStream(input), createGzip({ level: 6 }), createWriteStream(output))
