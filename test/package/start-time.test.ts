import { expect, it } from 'vitest'
import { compare } from '../bench/pairs'
import { Home, start } from './packaged-app'

const BOUND = 1.5

it('opens the list within 1.5 times of what npm start takes', async () => {
  const homes = { packaged: new Home(), development: new Home() }
  const time = async (which: 'packaged' | 'development') => {
    const shown = await start(which, homes[which])
    await shown.stop()
    return shown.interactiveMs
  }
  try {
    // The first start makes the workspace and fills the caches of the system.
    await time('packaged')
    await time('development')
    const c = await compare(
      () => time('packaged'),
      () => time('development'),
    )
    const verdict = c.high < BOUND ? 'met' : c.low > BOUND ? 'missed' : 'not resolved'
    const ms = (n: number) => `${Math.round(n)} ms`
    console.log(
      `start to interactive list: packaged ${ms(c.ours)}, npm start's ${ms(c.reference)}; ratio ${c.ratio.toFixed(2)} (${c.low.toFixed(2)} to ${c.high.toFixed(2)}), bound ${BOUND}: ${verdict}`,
    )
    expect(verdict).not.toBe('missed')
  } finally {
    for (const home of Object.values(homes)) home.remove()
  }
}, 600_000)
