import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findEventType } from '../../shared/event-catalog'
import { compactJson, DEMO_EVENT_COUNT, demoFixture, demoFixturePath, sampleLines } from '../support/demo-fixture'

const fixture = readFileSync(demoFixturePath, 'utf8')
const lines = fixture.split('\n').slice(0, -1)

describe('the demo events', () => {
  it('are exactly what the generator makes; otherwise run: node test/support/write-demo-fixture.ts', () => {
    // Not toEqual: the difference of two texts of a megabyte takes minutes to print.
    expect(demoFixture() === fixture).toBe(true)
  })

  it('are 1,200 lines of known event types in less than 1.3 MB', () => {
    expect(DEMO_EVENT_COUNT).toBe(1200)
    expect(fixture.endsWith('\n')).toBe(true)
    expect(lines).toHaveLength(1200)
    expect(Buffer.byteLength(fixture)).toBeLessThan(1_300_000)
    for (const line of lines) expect(findEventType((JSON.parse(line) as { name: string }).name)).toBeDefined()
  })

  it('are all different, so that none is taken for a duplicate', () => {
    expect(new Set(lines).size).toBe(lines.length)
  })

  it('are ordered by their time of publication', () => {
    const times = lines.map((line) => (JSON.parse(line) as { published_at: string }).published_at)
    expect([...times].sort()).toEqual(times)
  })

  it('include the public samples, with the numbers written as they were', () => {
    const samples = sampleLines()
    expect(samples).toHaveLength(7)
    for (const sample of samples) expect(lines).toContain(sample)
    expect(samples.filter((sample) => sample.includes('"amount":5.0,'))).toHaveLength(1)
  })
})

describe('compacting', () => {
  it('takes white space away between tokens and nowhere else', () => {
    const text = '{\n  "a b" : [ 1.0, 2e5 ,\t"x \\" : y\\\\" ],\r\n "n": null }\n'
    expect(compactJson(text)).toBe('{"a b":[1.0,2e5,"x \\" : y\\\\"],"n":null}')
  })

  it('undoes indentation of any JSON', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const compact = JSON.stringify(JSON.parse(json))
        expect(compactJson(JSON.stringify(JSON.parse(json), null, 2))).toBe(compact)
      }),
    )
  })
})
