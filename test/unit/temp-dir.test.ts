import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { tempDir } from '../support/temp-dir'

let before: string
const used: string[] = []

beforeEach(() => {
  before = tempDir()
})

it('makes an empty folder of its own for every call', () => {
  const folder = tempDir()
  used.push(before, folder)
  expect(folder).not.toBe(before)
  for (const path of [before, folder]) {
    expect(statSync(path).isDirectory()).toBe(true)
    expect(readdirSync(path)).toEqual([])
  }
  writeFileSync(join(folder, 'a-file'), 'text')
  // What is registered later is closed first: the folder is still there.
  onTestFinished(() => expect(existsSync(folder)).toBe(true))
})

it('has removed the folders of the test before, with what was in them', () => {
  expect(used).toHaveLength(2)
  for (const path of used) expect(existsSync(path)).toBe(false)
})
