import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/**
 * Makes an empty folder that is removed after the running test, whatever its outcome. Call it in a test or a `beforeEach`.
 * Removal comes after everything that the test registers with `onTestFinished` later, so what uses the folder can be closed first.
 *
 * @returns its absolute path, without symbolic links
 */
export function tempDir(): string {
  const path = mkdtempSync(join(realpathSync(tmpdir()), 'event-stream-console-'))
  // Retried because Windows frees the files of a child process a moment after its end.
  onTestFinished(() => rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }))
  return path
}
