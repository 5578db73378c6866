import type { WritableDb } from './database'

/** Small values that belong to the workspace, as JSON. */
export class SettingStore {
  readonly #db: WritableDb

  constructor(db: WritableDb) {
    this.#db = db
  }

  get<T>(key: string): T | undefined {
    const text = this.#db.prepare('SELECT value FROM settings WHERE key = ?').pluck().get(key) as string | undefined
    return text === undefined ? undefined : (JSON.parse(text) as T)
  }

  set(key: string, value: unknown): void {
    const sql = 'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value'
    this.#db.prepare(sql).run(key, JSON.stringify(value))
  }
}
