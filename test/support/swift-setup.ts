import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { type S3Server, type Swift, startSwift } from './swift.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where `sharedSwift` asks for the one Swift of the run. */
    readonly swiftStarter: string
  }
}

/**
 * Lets all test files share one Swift. It starts when the first of them asks, since a run without such a test must not wait for it, and
 * lives in this process, since test files run in processes that end with them.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let swift: Promise<Swift> | undefined
  const server = createServer(async (_request, response) => {
    try {
      swift ??= startSwift()
      const { stop: _, ...where } = await swift
      response.end(JSON.stringify(where satisfies S3Server))
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  project.provide('swiftStarter', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return async () => {
    server.closeAllConnections()
    server.close()
    await (await swift?.catch(() => undefined))?.stop()
  }
}
