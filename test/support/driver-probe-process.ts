// The probe as a program for another runtime: <workspace> <callback URL>; writes its result to stdout as JSON.
import { probe } from './driver-probe.ts'

const [workspace, callbackUrl] = process.argv.slice(2)
probe(workspace!, callbackUrl!).then(
  (result) => process.stdout.write(JSON.stringify(result)),
  (error: unknown) => {
    console.error(error)
    process.exitCode = 1
  },
)
