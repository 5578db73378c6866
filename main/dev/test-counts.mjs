import { readJson } from './project.mjs'

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 */

/** What a Vitest JSON report adds up to. @param {string} file @returns {Counts | undefined} undefined without a report */
export function vitestCounts(file) {
  const report = readJson(file)
  if (report === undefined) return undefined
  // A file that does not even load has no test to count, but nobody may take it for passed.
  const unloadable = report.testResults.filter(
    (/** @type {any} */ r) => r.status === 'failed' && r.assertionResults.length === 0,
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloadable.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/** What a Playwright JSON report adds up to. @param {string} file @returns {Counts | undefined} undefined without a report */
export function playwrightCounts(file) {
  const report = readJson(file)
  if (report === undefined) return undefined
  const { expected, flaky, unexpected, skipped } = report.stats
  const outsideTests = unexpected === 0 ? report.errors.length : 0
  return { passed: expected + flaky, failed: unexpected + outsideTests, skipped }
}

/** @param {Counts[]} all @returns {Counts} */
export function sum(all) {
  const add = (/** @type {keyof Counts} */ key) => all.reduce((total, counts) => total + counts[key], 0)
  return { passed: add('passed'), failed: add('failed'), skipped: add('skipped') }
}

/** The line that a test run ends with. @param {Counts} counts */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`
}
