import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../../shared/errors'
import { openPlain } from './database'

export interface WorkspaceLock {
  release(): void
}

const LOCK_FILE = 'workspace.lock'
const OWNER_FILE = 'workspace.owner.json'

/**
 * Takes the workspace for this process, or says who has it.
 *
 * The lock is an exclusive SQLite transaction on a file of its own: the operating system frees it when the process dies,
 * however it dies, on every platform. Node itself offers no file lock. The owner's description lies in a second file,
 * since on POSIX systems opening and closing the locked file from elsewhere in the process would drop its locks.
 *
 * @throws AppError `workspace_in_use`
 */
export function lockWorkspace(folder: string): WorkspaceLock {
  const db = openPlain(join(folder, LOCK_FILE), 0)
  try {
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    db.close()
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('SQLITE_BUSY')) {
      throw new AppError('workspace_in_use', describeOwner(folder), { cause })
    }
    throw cause
  }
  writeFileSync(join(folder, OWNER_FILE), JSON.stringify({ pid: process.pid, since: new Date().toISOString() }), {
    mode: 0o600,
  })
  return {
    release() {
      rmSync(join(folder, OWNER_FILE), { force: true })
      db.exec('ROLLBACK')
      db.close()
    },
  }
}

function describeOwner(folder: string): string {
  try {
    const owner = JSON.parse(readFileSync(join(folder, OWNER_FILE), 'utf8')) as { pid?: unknown }
    if (typeof owner.pid === 'number')
      return `Process ${owner.pid} has this workspace open. Close it there, or open another workspace.`
  } catch {
    // The owner may be writing the file at this moment; the refusal stands without its name.
  }
  return 'Another process has this workspace open. Close it there, or open another workspace.'
}
