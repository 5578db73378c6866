import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Engine } from '../../main/engine/engine'
import { STORE_FILE } from '../../main/store/database'
import { lockWorkspace } from '../../main/store/workspace-lock'
import { tempDir } from '../support/temp-dir'

const driver = createRequire(import.meta.url).resolve('better-sqlite3')
const isRoot = process.getuid?.() === 0

function open(workspace: string): Engine {
  return new Engine({ workspace, key: null, version: '0.0.0', onChanged: () => {}, onNotice: () => {} })
}

function refused(code: string) {
  return expect.objectContaining({ name: 'AppError', code })
}

describe('workspace lock', () => {
  it('is freed by the operating system when its holder is killed', async () => {
    const folder = tempDir()
    const script = `
      const db = new (require(${JSON.stringify(driver)}))(${JSON.stringify(join(folder, 'workspace.lock'))})
      db.pragma('journal_mode = MEMORY')
      db.exec('BEGIN EXCLUSIVE')
      console.log('locked')
      setInterval(() => {}, 1000)`
    const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void holder.kill('SIGKILL'))
    await once(holder.stdout, 'data')
    expect(() => lockWorkspace(folder)).toThrow(refused('workspace_in_use'))
    const ended = once(holder, 'exit')
    holder.kill('SIGKILL')
    await ended
    lockWorkspace(folder).release()
  })

  it('says which process has the workspace, and can be taken again after release', () => {
    const folder = tempDir()
    const lock = lockWorkspace(folder)
    expect(() => lockWorkspace(folder)).toThrow(new RegExp(`Process ${process.pid} `))
    lock.release()
    lockWorkspace(folder).release()
  })
})

describe('a workspace that cannot be opened', () => {
  // Root writes wherever it likes, so as root the modes of a folder prove nothing.
  it.skipIf(isRoot || process.platform === 'win32')('is refused when its folder is read-only', () => {
    const folder = tempDir()
    chmodSync(folder, 0o500)
    onTestFinished(() => chmodSync(folder, 0o700))
    expect(() => open(folder)).toThrow(refused('workspace_not_writable'))
  })

  it('is refused when its path is a file, or lies below one', () => {
    const file = join(tempDir(), 'file')
    writeFileSync(file, 'mine')
    expect(() => open(file)).toThrow(refused('workspace_not_writable'))
    expect(() => open(join(file, 'below'))).toThrow(refused('workspace_not_writable'))
    expect(readFileSync(file, 'utf8')).toBe('mine')
  })

  it('is refused as damaged when its store is no store, without a change to it', async () => {
    const folder = tempDir()
    const path = join(folder, STORE_FILE)
    const bytes = Buffer.alloc(20_000, 'not a store. ')
    writeFileSync(path, bytes)
    expect(() => open(folder)).toThrow(refused('store_corrupt'))
    expect(readFileSync(path).equals(bytes)).toBe(true)
    lockWorkspace(folder).release()
  })

  it('is refused as damaged when the schema page was overwritten', async () => {
    const folder = tempDir()
    await open(folder).close()
    const path = join(folder, STORE_FILE)
    const bytes = readFileSync(path)
    bytes.fill(0xa5, 100, 8192)
    writeFileSync(path, bytes)
    expect(() => open(folder)).toThrow(refused('store_corrupt'))
    lockWorkspace(folder).release()
  })
})
