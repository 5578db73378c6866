import type { AttemptPhases } from '@shared/domain'

export type PhaseName = 'dns' | 'connect' | 'tls' | 'wait' | 'rest'

export interface Phase {
  readonly name: PhaseName
  readonly label: string
  readonly ms: number
}

const labels: Readonly<Record<PhaseName, string>> = {
  dns: 'Name lookup',
  connect: 'Connect',
  tls: 'TLS',
  wait: 'Wait for the answer',
  rest: 'The rest',
}

/**
 * Where the time of an attempt went, in order. The steps that were measured, then what is left of the whole: reading the answer, and
 * waiting for a free connection. Empty when nothing was measured.
 */
export function phasesOf(
  { dnsMs, connectMs, tlsMs, firstByteMs }: AttemptPhases,
  durationMs: number,
): readonly Phase[] {
  const measured: readonly (readonly [PhaseName, number | null])[] = [
    ['dns', dnsMs],
    ['connect', connectMs],
    ['tls', tlsMs],
    ['wait', firstByteMs],
  ]
  const phases = measured.flatMap(([name, ms]) => (ms === null ? [] : [{ name, label: labels[name], ms }]))
  if (phases.length === 0) return []
  const rest = Math.round((durationMs - phases.reduce((sum, { ms }) => sum + ms, 0)) * 10) / 10
  return rest > 0 ? [...phases, { name: 'rest', label: labels.rest, ms: rest }] : phases
}
