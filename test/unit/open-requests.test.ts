import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { parseOpenRequest, requestFrom, routeOfLink } from '../../main/app/open-requests'
import { commandArguments } from '../../main/app/windowless'
import { tempDir } from '../support/temp-dir'

// Only what listens to Electron uses it; these functions do not.
vi.mock('electron', () => ({ app: {} }))

describe('a link of the console', () => {
  it.each([
    ['event-stream://all', '/event-stream/all'],
    ['event-stream://paused/', '/event-stream/paused'],
    ['event-stream://imports', '/imports'],
    ['event-stream://integration/orders-1', '/integrations/orders-1/events'],
    ['event-stream://integration/orders-1/rejected', '/integrations/orders-1/rejected'],
    ['event-stream://integration/orders-1/logs/', '/integrations/orders-1/logs'],
  ])('%s leads to %s', (link, route) => {
    expect(routeOfLink(link)).toBe(route)
  })

  it.each([
    'event-stream://',
    'event-stream:all',
    'event-stream://constructor',
    'event-stream://all/more',
    'event-stream://integration',
    'event-stream://integration/orders/delete',
    'event-stream://integration/..',
    'event-stream://integration/a%2Fb',
    'event-stream://integration/orders?x=1',
    'event-stream://integration/orders#/inbox',
    'event-stream://integration/orders\n',
    `event-stream://integration/${'a'.repeat(5_000)}`,
    'https://all',
    'javascript:alert(1)',
  ])('%j leads nowhere', (link) => {
    expect(routeOfLink(link)).toBeNull()
  })
})

describe('what a second process hands over', () => {
  it('is a request', () => {
    const request = { files: ['/a.export'], links: ['event-stream://all'] }
    expect(requestFrom(request)).toEqual(request)
  })

  it.each([undefined, null, 'text', {}, { files: 'a' }, { files: [1], links: [] }])(
    'asks for nothing as %j',
    (data) => {
      expect(requestFrom(data)).toEqual({ files: [], links: [] })
    },
  )
})

describe('the arguments of a process', () => {
  it('hold the event files that exist, relative ones too, and links of the scheme', () => {
    const folder = tempDir()
    const file = join(folder, 'a b.EXPORT')
    writeFileSync(file, '')
    writeFileSync(join(folder, 'c.ndjson'), '')
    writeFileSync(join(folder, 'd.txt'), '')
    mkdirSync(join(folder, 'folder.export'))
    const argv = [
      '/checkout',
      '--demo',
      file,
      'c.ndjson',
      'd.txt',
      'missing.export',
      'folder.export',
      'event-stream://all',
    ]
    expect(parseOpenRequest([...argv, 'https://x'], folder)).toEqual({
      files: [file, join(folder, 'c.ndjson')],
      links: ['event-stream://all'],
    })
  })

  it('are those of a command line behind the mark only', () => {
    expect(commandArguments(['/opt/app', '--no-sandbox', '--cli', 'import', '--json', '--cli'])).toEqual([
      'import',
      '--json',
      '--cli',
    ])
    expect(commandArguments(['/opt/app', '--cli'])).toEqual([])
    expect(commandArguments(['/opt/app', '--demo', 'list'])).toBeNull()
  })
})
