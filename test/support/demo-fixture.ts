import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateEvents } from './event-generator.ts'

/** Events in the demo fixture, the samples included. */
export const DEMO_EVENT_COUNT = 1200
export const demoFixturePath = join(import.meta.dirname, '../../main/resources/demo-events.ndjson')

const SEED = 20_260_112
const samplesFolder = join(import.meta.dirname, '../fixtures/samples')

/**
 * Takes the white space between the tokens of a JSON text away and leaves every token as it is: `5.0` stays `5.0`.
 * The text must be valid JSON.
 */
export function compactJson(text: string): string {
  return text.replace(/("(?:[^"\\]|\\.)*")|\s+/gs, (_, literal: string | undefined) => literal ?? '')
}

/** The public sample envelopes, one line each, oldest first. */
export function sampleLines(): string[] {
  const lines = readdirSync(samplesFolder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => compactJson(readFileSync(join(samplesFolder, name), 'utf8')))
  const publishedAt = (line: string) => (JSON.parse(line) as { published_at: string }).published_at
  return lines.sort((a, b) => (publishedAt(a) < publishedAt(b) ? -1 : 1))
}

/** The whole text of `main/resources/demo-events.ndjson`: the samples, then generated events. */
export function demoFixture(): string {
  const samples = sampleLines()
  const count = DEMO_EVENT_COUNT - samples.length
  // Less stock and more orders than usual: orders are what a demo is about.
  const mix = { webOrder: 48, storeOrder: 26, transfer: 8, adjustment: 6 }
  return [...samples, ...generateEvents({ seed: SEED, count, detail: 'short', mix })]
    .map((line) => `${line}\n`)
    .join('')
}
