import type { Page } from '../../shared/contract'

/** Which rows a caller asks for: those after a cursor that an answer gave. */
export interface PageInput {
  readonly after?: string | null | undefined
  readonly limit: number
}

const BEFORE_ALL = Number.MAX_SAFE_INTEGER

/** The numbers of a cursor; without one, a position before every row. Lists run from the newest row on. */
export function positionOf(cursor: string | null | undefined): [number, number, number] {
  const [at = BEFORE_ALL, id = BEFORE_ALL, seq = BEFORE_ALL] = cursor ? cursor.split('.').map(Number) : []
  return [at, id, seq]
}

/** A page of rows of which one more than the limit was read, if there is one. */
export function toPage<R, T>(
  rows: readonly R[],
  limit: number,
  map: (row: R) => T,
  cursorOf: (row: R) => string,
): Page<T> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    rows: shown.map(map),
    next: rows.length > limit && last !== undefined ? cursorOf(last) : null,
  }
}
