/** One step of *Test target*, in the order in which a delivery would take it. */
export type TargetTestStepName = 'resolve' | 'connect' | 'tls' | 'request' | 'put' | 'verify' | 'delete'

/** `note`: the step could not be done or was refused, which does not keep deliveries from working. */
export type TargetTestOutcome = 'ok' | 'failed' | 'note' | 'skipped'

export interface TargetTestStep {
  readonly name: TargetTestStepName
  readonly outcome: TargetTestOutcome
  /** One plain sentence for the operator; never holds a secret. */
  readonly message: string
  /** Null for a step that was skipped. */
  readonly durationMs: number | null
}

/** The answer of *Test target*. `ok` = no step failed. */
export interface TargetTest {
  readonly ok: boolean
  readonly steps: readonly TargetTestStep[]
}
