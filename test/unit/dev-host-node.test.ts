import { expect, test } from 'vitest'
import { checkHostNode } from '../../main/dev/host-node.mjs'

test.each([
  ['20.9.0', 'linux'],
  ['20.20.2', 'linux'],
  ['24.0.0', 'linux'],
  ['22.0.0', 'darwin'],
  ['24.21.0', 'win32'],
])('Node %s carries the set-up on %s', (version, platform) => {
  expect(() => checkHostNode(version, platform)).not.toThrow()
})

test.each([
  ['18.20.4', 'linux', '20.9'],
  ['20.8.1', 'linux', '20.9'],
  ['20.20.2', 'darwin', '22.0'],
  ['21.7.3', 'win32', '22.0'],
])('Node %s on %s is refused in a sentence that names what is needed', (version, platform, needed) => {
  expect(() => checkHostNode(version, platform)).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringContaining(`Node ${needed} or later`) }),
  )
})
