import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

const root = resolve(import.meta.dirname, '..')
const at = (path: string) => resolve(root, path)
const alias = { '@shared': at('shared') }

// The oldest runtime in use: Electron 33, the stand-in where Electron's own download is out of reach (ARCHITECTURE.md).
// electron-vite's own table would pick the newest.
const NODE = 'node20.18'
const CHROME = 'chrome130'

// CommonJS: an ES module's import of better-sqlite3 would bypass the stand-in loader's redirect, and a sandboxed
// preload has to be CommonJS anyway.
const cjs = { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name]-[hash].cjs' } as const

export default defineConfig({
  main: {
    resolve: { alias },
    build: {
      target: NODE,
      sourcemap: true,
      outDir: at('out/main'),
      rolldownOptions: {
        input: {
          index: at('main/index.ts'),
          engine: at('main/host/engine-thread.ts'),
          reader: at('main/host/reader-thread.ts'),
          headless: at('main/headless.ts'),
        },
        output: cjs,
      },
    },
  },
  preload: {
    resolve: { alias },
    build: {
      target: NODE,
      externalizeDeps: false,
      outDir: at('out/preload'),
      rolldownOptions: { input: { index: at('preload/index.ts') }, output: cjs },
    },
  },
  renderer: {
    root: at('renderer'),
    resolve: { alias },
    plugins: [react()],
    build: {
      target: CHROME,
      minify: true,
      // The page is read from the disk in one go, so its size is no reason to cut it.
      chunkSizeWarningLimit: 1000,
      outDir: at('out/renderer'),
      modulePreload: { polyfill: false },
      rolldownOptions: { input: { index: at('renderer/index.html') } },
    },
  },
})
