import type { Selection } from '../../shared/domain'
import { selects } from '../../shared/event-catalog'

/** What became of a matching event. `open` and `waiting` together are the backlog. */
export type Fate = 'open' | 'waiting' | 'delivered' | 'rejected' | 'expired'

export interface ModelEvent {
  readonly seq: number
  /** Hex. */
  readonly eventId: string
  readonly tenant: string
  readonly name: string
  readonly publishedAt: number
  readonly acceptedAt: number
  readonly body: string
  /** Taken out of the log by the retention. */
  removed: boolean
}

/** Why nothing may be sent for an integration that is gone. */
export const DELETED = 'it was deleted'

export type NewModelEvent = Omit<ModelEvent, 'seq' | 'acceptedAt' | 'removed'>

/** What an integration was created with. */
export interface Creation {
  readonly id: string
  readonly temporary: boolean
  readonly startsAt: number | null
  readonly endsAt: number | null
  readonly selection: Selection
}

export type ModelStatus = 'running' | 'paused' | 'failed' | 'restarts' | 'ended'

/** An integration as the rules say it must be. It keeps the fate of each single event; the engine keeps counters and a cursor. */
export class ModelIntegration {
  /** Number in the store; 0 until the store has given one. */
  no = 0
  status: ModelStatus = 'running'
  selection: Selection
  readonly startsAt: number | null
  readonly endsAt: number | null
  /** Fate of every matching event, as it was last seen. Events outside the dates do not match. */
  readonly fates = new Map<number, Fate>()
  /** Events of the selected types that were published outside the dates. */
  readonly outside = new Set<number>()
  /** Rejected events that were taken off the list; they stay rejected. */
  readonly tombstones = new Set<number>()
  cursor = 0
  /** Set while a change is under way: the new selection may hold already. */
  changingTo: Selection | null = null
  /** Re-sends were asked for, so that a settled event may be sent once more. */
  mayRepeat = false
  /** Since when nothing may be sent; null while something may. */
  silentSince: string | null = null

  constructor(
    readonly id: string,
    readonly temporary: boolean,
    creation: Creation,
  ) {
    this.selection = creation.selection
    this.startsAt = creation.startsAt
    this.endsAt = creation.endsAt
  }

  inDates({ publishedAt }: ModelEvent): boolean {
    return (
      (this.startsAt === null || publishedAt >= this.startsAt) && (this.endsAt === null || publishedAt < this.endsAt)
    )
  }

  /**
   * True for an event that an operator may ask for now, though it was not the integration's when the stream came by. A re-send that a
   * change found under way goes on with the new selection, before the caller of the change hears of it.
   */
  mayBeAsked(event: ModelEvent): boolean {
    const selected = [this.selection, this.changingTo].some((s) => s !== null && selects(s, event.name))
    return this.mayRepeat && selected && this.inDates(event)
  }

  /** True for an event that the selection takes which is about to hold. */
  maySoonTake(event: ModelEvent): boolean {
    return (
      this.changingTo !== null && event.seq > this.cursor && selects(this.changingTo, event.name) && this.inDates(event)
    )
  }

  /** The event came into the part of the log that this integration reads. */
  meet(event: ModelEvent): void {
    if (!selects(this.selection, event.name)) return
    if (this.inDates(event)) this.fates.set(event.seq, 'open')
    else this.outside.add(event.seq)
  }

  forget(seq: number): void {
    this.fates.delete(seq)
    this.outside.delete(seq)
  }

  /** The new selection holds from the cursor on; what is settled or waits there stays as it is. */
  edit(selection: Selection, cursor: number, events: Iterable<ModelEvent>): void {
    this.selection = selection
    for (const [seq, fate] of this.fates) if (seq > cursor && fate === 'open') this.fates.delete(seq)
    for (const seq of this.outside) if (seq > cursor) this.outside.delete(seq)
    for (const event of events) {
      if (event.seq > cursor && !event.removed && !this.fates.has(event.seq)) this.meet(event)
    }
  }

  count(...fates: readonly Fate[]): number {
    let count = 0
    for (const fate of this.fates.values()) if (fates.includes(fate)) count++
    return count
  }

  get settled(): boolean {
    return this.count('open', 'waiting') === 0
  }
}

/** What the engine must be like from outside: the log, and for each integration the fate of every event. Pure. */
export class Model {
  readonly events: ModelEvent[] = []
  readonly integrations = new Map<string, ModelIntegration>()
  /** Taken away; nothing may be sent for them any more. */
  readonly deleted: ModelIntegration[] = []
  /** The store takes no new pages. */
  full = false
  #created = 0

  get head(): number {
    return this.events.at(-1)?.seq ?? 0
  }

  /** What the log holds. */
  present(): ModelEvent[] {
    return this.events.filter((event) => !event.removed)
  }

  event(seq: number): ModelEvent | undefined {
    return this.events[seq - 1]
  }

  /** What a publish call must answer for each of these events. */
  foresee(batch: readonly NewModelEvent[]): ('accepted' | 'duplicate' | 'conflict')[] {
    const known = new Map(this.present().map((event) => [event.eventId, event.body]))
    return batch.map(({ eventId, body }) => {
      const before = known.get(eventId)
      if (before !== undefined) return before === body ? 'duplicate' : 'conflict'
      known.set(eventId, body)
      return 'accepted'
    })
  }

  /**
   * The accepted ones are in the log for good.
   *
   * @returns takes it back, for a call that was refused
   */
  publish(batch: readonly NewModelEvent[], now: number): () => void {
    const outcomes = this.foresee(batch)
    const added: ModelEvent[] = []
    for (const [i, event] of batch.entries()) {
      if (outcomes[i] !== 'accepted') continue
      const logged: ModelEvent = { ...event, seq: this.head + 1, acceptedAt: now, removed: false }
      added.push(logged)
      this.events.push(logged)
      for (const integration of this.integrations.values()) integration.meet(logged)
    }
    return () => {
      this.events.length -= added.length
      for (const { seq } of added) for (const integration of this.integrations.values()) integration.forget(seq)
    }
  }

  /** A start in the past begins at the first event of the log that was published then or later; without one, at the end of the log. */
  create(creation: Creation): ModelIntegration {
    const integration = new ModelIntegration(creation.id, creation.temporary, creation)
    const { startsAt } = creation
    const first = startsAt === null ? undefined : this.present().find((event) => event.publishedAt >= startsAt)
    integration.cursor = first === undefined ? this.head : first.seq - 1
    for (const event of this.present()) if (event.seq > integration.cursor) integration.meet(event)
    return integration
  }

  add(integration: ModelIntegration): void {
    this.integrations.set(integration.id, integration)
    this.#created++
  }

  delete(integration: ModelIntegration): void {
    this.integrations.delete(integration.id)
    integration.silentSince = DELETED
    this.deleted.push(integration)
  }

  /** One of the integrations that are there, or undefined. */
  pick(n: number): ModelIntegration | undefined {
    const all = [...this.integrations.values()]
    return all[n % Math.max(1, all.length)]
  }

  /** A name that no integration had yet. */
  get nextId(): string {
    return `i-${this.#created + 1}`
  }
}
