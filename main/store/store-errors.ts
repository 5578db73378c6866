import { AppError, type ErrorCode } from '../../shared/errors'

const byPrefix: readonly (readonly [string, ErrorCode])[] = [
  ['SQLITE_FULL', 'store_full'],
  ['SQLITE_CORRUPT', 'store_corrupt'],
  ['SQLITE_NOTADB', 'store_corrupt'],
  ['SQLITE_BUSY', 'store_busy'],
  ['SQLITE_LOCKED', 'store_busy'],
  ['SQLITE_READONLY', 'workspace_not_writable'],
  ['SQLITE_CANTOPEN', 'workspace_not_writable'],
]

/** The string code of a driver error (`SQLITE_FULL`, `ENOSPC`, …), or null for anything else. */
function driverCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

/** Maps a driver or file-system error onto the closed list; an AppError and a defect pass through unchanged. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof AppError) return error
  const code = driverCode(error)
  if (code === null) return error
  if (code === 'ENOSPC' || code === 'EDQUOT') return new AppError('store_full', undefined, { cause: error })
  // The last two: the workspace's path is a file, or lies below one.
  if (['EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR'].includes(code)) {
    return new AppError('workspace_not_writable', undefined, { cause: error })
  }
  if (!code.startsWith('SQLITE_') && code !== 'EIO') return error
  const known = byPrefix.find(([prefix]) => code === prefix || code.startsWith(`${prefix}_`))
  return new AppError(known?.[1] ?? 'store_failed', undefined, {
    cause: error,
  })
}
