import type { EpochMs, ImportJob, ImportProblem, ImportState } from '../../shared/domain'
import type { ErrorCode } from '../../shared/errors'
import type { ReadableDb, WritableDb } from './database'

const COLUMNS = `id, path, state, started_at AS startedAt, ended_at AS endedAt, bytes_total AS bytesTotal, bytes_read AS bytesRead,
  lines, accepted, duplicates, skipped, refused, error_code AS errorCode, error_message AS errorMessage`

/** Imports listed by the console, newest first. */
const LISTED = 200

export function findImport(db: ReadableDb, id: number): ImportJob | undefined {
  return db.prepare(`SELECT ${COLUMNS} FROM imports WHERE id = ?`).get(id) as ImportJob | undefined
}

export function listImports(db: ReadableDb): ImportJob[] {
  return db.prepare(`SELECT ${COLUMNS} FROM imports ORDER BY id DESC LIMIT ?`).all(LISTED) as ImportJob[]
}

export function listImportProblems(db: ReadableDb, id: number): ImportProblem[] {
  const sql = 'SELECT line, code, message, excerpt FROM import_problems WHERE import = ? ORDER BY line'
  return db.prepare(sql).all(id) as ImportProblem[]
}

export type ImportFigures = Pick<ImportJob, 'bytesRead' | 'lines' | 'accepted' | 'duplicates' | 'skipped' | 'refused'>

/** Writing SQL of imports. */
export class ImportStore {
  readonly #db: WritableDb

  constructor(db: WritableDb) {
    this.#db = db
  }

  /** Imports that a dead process left running did not finish; what they accepted is in the log. */
  markInterrupted(now: EpochMs): void {
    this.#db.prepare("UPDATE imports SET state = 'interrupted', ended_at = ? WHERE state = 'running'").run(now)
  }

  begin(path: string, bytesTotal: number, now: EpochMs): ImportJob {
    const sql = "INSERT INTO imports (path, state, started_at, bytes_total) VALUES (?, 'running', ?, ?)"
    return findImport(this.#db, Number(this.#db.prepare(sql).run(path, now, bytesTotal).lastInsertRowid))!
  }

  progress(id: number, f: ImportFigures): void {
    this.#db
      .prepare(
        'UPDATE imports SET bytes_read = ?, lines = ?, accepted = ?, duplicates = ?, skipped = ?, refused = ? WHERE id = ?',
      )
      .run(f.bytesRead, f.lines, f.accepted, f.duplicates, f.skipped, f.refused, id)
  }

  addProblems(id: number, problems: readonly ImportProblem[]): void {
    const insert = this.#db.prepare(
      'INSERT INTO import_problems (import, line, code, message, excerpt) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    )
    for (const p of problems) insert.run(id, p.line, p.code, p.message, p.excerpt)
  }

  end(id: number, state: ImportState, error: { code: ErrorCode; message: string } | null, now: EpochMs): void {
    this.#db
      .prepare('UPDATE imports SET state = ?, ended_at = ?, error_code = ?, error_message = ? WHERE id = ?')
      .run(state, now, error?.code ?? null, error?.message ?? null, id)
  }

  find(id: number): ImportJob | undefined {
    return findImport(this.#db, id)
  }
}
