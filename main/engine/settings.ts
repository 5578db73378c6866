import type { Settings } from '../../shared/domain'
import { type SettingsUpdate, settingsDefaults } from '../../shared/schemas/settings'
import { type Actor, writeAudit } from '../store/audit'
import { transaction, type WritableDb } from '../store/database'
import type { SettingStore } from '../store/settings'
import type { Clock } from './clock'

const KEY = 'workspace'

/** The settings of the workspace, kept in the store. */
export class WorkspaceSettings {
  readonly #db: WritableDb
  readonly #store: SettingStore
  readonly #clock: Clock
  #values: Settings

  constructor(db: WritableDb, store: SettingStore, clock: Clock) {
    this.#db = db
    this.#store = store
    this.#clock = clock
    this.#values = { ...settingsDefaults, ...store.get<Partial<Settings>>(KEY) }
  }

  get values(): Settings {
    return this.#values
  }

  /** Stores what is given; what is left out stays. */
  update(change: SettingsUpdate, actor: Actor): Settings {
    const before = this.#values
    const given = Object.entries(change).filter(([, value]) => value !== undefined)
    const after: Settings = { ...before, ...Object.fromEntries(given) }
    transaction(this.#db, () => {
      this.#store.set(KEY, after)
      writeAudit(this.#db, actor, { action: 'settings.update', subject: null, before, after }, this.#clock.now())
    })
    this.#values = after
    return after
  }
}
