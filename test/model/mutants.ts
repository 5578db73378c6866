/** A fault that somebody could make in the engine: texts of one file and what stands in their place. */
export interface Mutant {
  readonly name: string
  readonly file: string
  /** Each text stands in the file exactly once, so that a change of the engine cannot make a mutant of nothing. */
  readonly edits: readonly (readonly [from: string, to: string])[]
}

const LANE = 'main/engine/delivery/webhook-lane.ts'
const DELIVERY = 'main/store/delivery.ts'

/** No fault at all: the model must hold in a copy too, or it would catch nothing but the copying. */
export const control: Mutant = { name: 'none', file: LANE, edits: [] }

/** What the model must catch. The first ones are those of `npm test`. */
export const mutants: readonly Mutant[] = [
  {
    name: 'a retry row is lost',
    file: DELIVERY,
    edits: [
      [
        'this.#putWaiting.run(lane.integration, a.seq, a.number, a.settlement.dueAt, a.settlement.windowFrom)',
        'if (a.number !== 1) this.#putWaiting.run(lane.integration, a.seq, a.number, a.settlement.dueAt, a.settlement.windowFrom)',
      ],
    ],
  },
  {
    name: 'a delivery after a retry counts twice',
    file: DELIVERY,
    edits: [['          delivered++\n', "          delivered += a.origin === 'waiting' ? 2 : 1\n"]],
  },
  {
    name: 'the cursor is committed early',
    file: LANE,
    edits: [
      [
        'return { cursor: first ? first.seq - 1 : this.#readPos, passedOver }',
        'return { cursor: this.#readPos, passedOver: first ? passedOver : passedOver }',
      ],
    ],
  },
  {
    name: 'what lies outside the dates is counted when it is read',
    file: LANE,
    edits: [
      [
        'for (; at < this.#open.length && this.#open[at]!.settled; at++) if (this.#open[at]!.passedOver) passedOver++',
        `for (; at < this.#open.length && this.#open[at]!.settled; at++) {}
    for (let i = this.#openAt; i < this.#open.length; i++) {
      if (this.#open[i]!.passedOver) passedOver++
      Object.assign(this.#open[i]!, { passedOver: false })
    }`,
      ],
    ],
  },
  {
    name: 'a waiting row is not dropped',
    file: DELIVERY,
    edits: [
      [
        "          delivered++\n          if (a.origin === 'waiting') this.#dropWaiting.run(lane.integration, a.seq)\n",
        "          delivered++\n          if (a.origin === 'waiting') {}\n",
      ],
    ],
  },
  {
    name: 'a rejected event gets no row',
    file: DELIVERY,
    edits: [['this.#insertRejected.run(\n', 'if (a.number > 1) this.#insertRejected.run(\n']],
  },
  {
    name: 'a re-send settles a delivered event again',
    file: LANE,
    edits: [["    if (flight.origin === 'delivered') return { to: 'unchanged' }\n", '']],
  },
  {
    name: 'a change of the selection does not shift the backlog',
    file: 'main/engine/integrations/integration-service.ts',
    edits: [
      [
        'const matchedShift = total(newTypes) - total(oldTypes) - (open(newTypes) - open(oldTypes))',
        'const matchedShift = 0 * (total(newTypes) - total(oldTypes) - (open(newTypes) - open(oldTypes)))',
      ],
    ],
  },
  {
    name: 'expired events are not counted',
    file: 'main/store/retention.ts',
    edits: [['if (inside) expired++', 'if (inside) expired += 0']],
  },
  {
    name: 'what is settled ahead of the cursor is not skipped after a restart',
    file: LANE,
    edits: [['this.#skip = ports.store.settledAfter(options.no, options.cursor)', 'this.#skip = new Set()']],
  },
  {
    name: 'a duplicate is counted as a new event',
    file: 'main/store/event-log.ts',
    edits: [
      [
        "outcomes.push((this.#existing.get(eventId) as Buffer).equals(body) ? 'duplicate' : 'conflict')",
        "perType.set(typeId, (perType.get(typeId) ?? 0) + 1)\n            outcomes.push((this.#existing.get(eventId) as Buffer).equals(body) ? 'duplicate' : 'conflict')",
      ],
    ],
  },
  {
    name: 'a pause lets a timer send',
    file: LANE,
    edits: [
      [
        "if (this.#mode === 'stopped' || this.#ports.blocked()) return false",
        'if (this.#ports.blocked()) return false',
      ],
      [
        '    this.#timer?.cancel()\n    this.#timer = null\n    this.#endTimer?.cancel()',
        '    this.#endTimer?.cancel()',
      ],
    ],
  },
  {
    name: 'a commit is not one transaction',
    file: DELIVERY,
    edits: [
      [
        '    transaction(this.#db, () => {\n      for (const lane of lanes) this.#commitLane(lane)\n    })',
        '    transaction(this.#db, () => {})\n    for (const lane of lanes) this.#commitLane(lane)',
      ],
    ],
  },
  {
    name: 'what could not be stored is forgotten',
    file: 'main/engine/delivery/committer.ts',
    edits: [
      [
        '      this.#block(error)\n      return false\n',
        '      this.#block(error)\n      for (const { lane, commit } of batch) lane.committed(commit)\n      return false\n',
      ],
    ],
  },
]
