import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { playwrightCounts, sum, summaryLine, vitestCounts } from '../../main/dev/test-counts.mjs'
import { tempDir } from '../support/temp-dir'

function report(content: unknown) {
  const file = join(tempDir(), 'report.json')
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

const VITEST = {
  numPassedTests: 5,
  numFailedTests: 1,
  numPendingTests: 2,
  numTodoTests: 1,
  testResults: [] as object[],
}
const stats = { expected: 3, unexpected: 1, flaky: 1, skipped: 2 }

test('a Vitest report is counted', () => {
  expect(vitestCounts(report(VITEST))).toEqual({ passed: 5, failed: 1, skipped: 3 })
})

test('a test file that did not load counts as a failure, one with a failed test not twice', () => {
  const testResults = [
    { status: 'failed', assertionResults: [] },
    { status: 'failed', assertionResults: [{ status: 'failed' }] },
    { status: 'passed', assertionResults: [{ status: 'passed' }] },
  ]
  expect(vitestCounts(report({ ...VITEST, testResults }))).toEqual({ passed: 5, failed: 2, skipped: 3 })
})

test('a Playwright report is counted, a test that passed at its second try as passed', () => {
  expect(playwrightCounts(report({ stats, errors: [] }))).toEqual({ passed: 4, failed: 1, skipped: 2 })
})

test('a Playwright run that broke before its tests has failed', () => {
  const none = { expected: 0, unexpected: 0, flaky: 0, skipped: 0 }
  expect(playwrightCounts(report({ stats: none, errors: [{ message: 'x' }] }))).toMatchObject({ passed: 0, failed: 1 })
})

test('no report, or half of one, is no count', () => {
  expect(vitestCounts('/nowhere/report.json')).toBeUndefined()
  expect(playwrightCounts(report('{"stats":'))).toBeUndefined()
})

test.each([
  [{ passed: 12, failed: 0, skipped: 0 }, '12 passed, 0 failed'],
  [{ passed: 0, failed: 3, skipped: 1 }, '0 passed, 3 failed, 1 skipped'],
])('%j reads %s', (counts, line) => {
  expect(summaryLine(counts)).toBe(line)
})

test('counts add up', () => {
  expect(
    sum([
      { passed: 1, failed: 2, skipped: 3 },
      { passed: 10, failed: 20, skipped: 30 },
    ]),
  ).toEqual({ passed: 11, failed: 22, skipped: 33 })
  expect(sum([])).toEqual({ passed: 0, failed: 0, skipped: 0 })
})
