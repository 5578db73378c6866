import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ElectronApplication, Page } from '@playwright/test'

const FOLDER = resolve(import.meta.dirname, '../../test-results/screens')

/** Keeps a picture of the screen in both themes, for a person to look at. */
export async function keepScreen(page: Page, name: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: join(FOLDER, `${name}-${colorScheme}.png`), animations: 'disabled' })
  }
  await page.emulateMedia({ colorScheme: null })
}

/** The same of a zoomed page, as its window shows it: Playwright would keep only a corner of it. */
export async function keepZoomedScreen(app: ElectronApplication, page: Page, name: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const png = await app.evaluate(async ({ BrowserWindow }) => {
      const image = await BrowserWindow.getAllWindows()[0]!.webContents.capturePage()
      return image.toPNG().toString('base64')
    })
    writeFileSync(join(FOLDER, `${name}-${colorScheme}.png`), Buffer.from(png, 'base64'))
  }
  await page.emulateMedia({ colorScheme: null })
}
