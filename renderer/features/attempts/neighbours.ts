import type { EntityAttempt, EntityStory } from '@shared/domain'

interface Place {
  readonly integrationId: string
  readonly id: number
  readonly seq: number
}

/** The attempts of the same entity before and after one, by time, whichever event and integration they are of. */
export function neighbours(
  story: EntityStory,
  here: Place,
): { readonly previous: EntityAttempt | null; readonly next: EntityAttempt | null } {
  const all = story.events
    .flatMap((event) => event.attempts)
    .sort((a, b) => a.attemptedAt - b.attemptedAt || a.id - b.id || a.seq - b.seq)
  const at = all.findIndex((each) => each.id === here.id && each.seq === here.seq)
  if (at < 0) return { previous: null, next: null }
  return { previous: all[at - 1] ?? null, next: all[at + 1] ?? null }
}
