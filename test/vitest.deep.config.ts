import { defineConfig, mergeConfig } from 'vitest/config'
import config from './vitest.config.ts'

// npm run test:deep: the long forms of proofs whose short forms are part of npm test.
const { include: _, exclude: __, ...test } = config.test ?? {}

export default mergeConfig(
  { ...config, test },
  defineConfig({
    test: {
      include: ['test/**/*.deep.test.ts', 'test/property/**/*.test.ts'],
      testTimeout: 900_000,
      // One after the other: some measure by the clock how far they get.
      maxWorkers: 1,
      env: { MODEL_DEEP: '1' },
    },
  }),
)
