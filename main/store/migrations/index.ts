import foundation from './0001-foundation.sql?raw'
import delivery from './0002-delivery.sql?raw'
import views from './0003-views.sql?raw'

export interface Migration {
  /** Position in the sequence, from 1; the store's `user_version` after it ran. */
  readonly version: number
  /** File name, for messages. */
  readonly name: string
  readonly sql: string
}

/** Forward only. A released migration is never edited; a change is a new file. */
export const migrations: readonly Migration[] = [
  { version: 1, name: '0001-foundation', sql: foundation },
  { version: 2, name: '0002-delivery', sql: delivery },
  { version: 3, name: '0003-views', sql: views },
]
