import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
const benches = resolve(root, 'test/bench')
const names = readdirSync(benches).flatMap((file) => /^(.+)\.ts$/.exec(file)?.[1] ?? [])

export default {
  root,
  configFile: false,
  resolve: { alias: { '@shared': resolve(root, 'shared') } },
  build: {
    ssr: true,
    target: 'node24',
    minify: false,
    sourcemap: true,
    outDir: resolve(root, 'out/bench'),
    emptyOutDir: true,
    rolldownOptions: {
      input: Object.fromEntries(names.map((name) => [name, resolve(benches, `${name}.ts`)])),
      output: { format: 'es', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
    },
  },
}
