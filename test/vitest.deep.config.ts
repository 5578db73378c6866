import { defineConfig } from 'vitest/config'
import short from './vitest.config.ts'

// The long form of the tests that search: see docs/testing.md.
export default defineConfig({
  ...short,
  test: {
    ...short.test,
    include: ['test/property/**/*.test.ts'],
    // One after the other: they measure by the clock how far they get.
    maxWorkers: 1,
    env: { MODEL_DEEP: '1' },
  },
})
