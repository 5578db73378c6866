import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Page } from '@playwright/test'
import type { CallName, Input, Output } from '../../shared/contract'
import type { Result } from '../../shared/errors'
import { expect } from './app'

/** 1,200 events of many orders, returns and fulfillment requests. */
export const DEMO_EVENTS = resolve(import.meta.dirname, '../../main/resources/demo-events.ndjson')

/** Their lines. */
export function demoLines(): readonly string[] {
  return readFileSync(DEMO_EVENTS, 'utf8').trimEnd().split('\n')
}

/** Makes a call the way the page does, for what a test only needs to be there. Fails when the call is refused. */
export async function ask<N extends CallName>(page: Page, name: N, input: Input<N>): Promise<Output<N>> {
  const result = (await page.evaluate(([n, i]) => window.bridge.call(n as never, i as never), [
    name,
    input,
  ] as const)) as unknown as Result<Output<N>>
  if (!result.ok) throw new Error(`${name}: ${result.error.message}`)
  return result.value
}

/** Puts the demo events into the log. */
export async function importDemo(page: Page): Promise<void> {
  await ask(page, 'imports.start', { path: DEMO_EVENTS })
  await expect
    .poll(async () => (await ask(page, 'events.figures', {})).events, { timeout: 30_000 })
    .toBe(demoLines().length)
}

/** Everything that the page complains about while a test runs. */
export function complaints(page: Page): string[] {
  const found: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) found.push(message.text())
  })
  page.on('pageerror', (error) => found.push(error.message))
  return found
}

/** Stands in for the system's dialog, which cannot be driven: the next file is saved there. */
export async function saveAt(app: import('@playwright/test').ElectronApplication, path: string): Promise<void> {
  await app.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = async () => ({ canceled: false, filePath })
  }, path)
}
