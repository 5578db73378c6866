import { symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { build } from 'vite'

const root = resolve(import.meta.dirname, '../..')

/**
 * Builds the two threads of the host from today's sources into a folder.
 *
 * @returns starts them, as real threads
 */
export async function buildThreads(folder: string): Promise<(name: 'engine' | 'reader') => Worker> {
  // The driver is no part of the bundle.
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    resolve: { alias: { '@shared': join(root, 'shared') } },
    ssr: { noExternal: true, external: ['better-sqlite3'] },
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      rolldownOptions: {
        input: {
          engine: join(root, 'main/host/engine-thread.ts'),
          reader: join(root, 'main/host/reader-thread.ts'),
        },
        output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name]-[hash].cjs' },
      },
    },
  })
  return (name) => new Worker(join(folder, `${name}.cjs`))
}
