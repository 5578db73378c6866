let down = false

// On the way down, before any handler of a component.
window.addEventListener('pointerdown', () => (down = true), true)
for (const end of ['pointerup', 'pointercancel'] as const) window.addEventListener(end, () => (down = false), true)

/**
 * Runs something once no pointer is pressed. A remark that appears on blur would otherwise move the button that is just being pressed, and
 * the click would be lost.
 */
export function afterPointer(run: () => void): void {
  if (!down) return run()
  const done = () => {
    window.removeEventListener('pointerup', done)
    window.removeEventListener('pointercancel', done)
    // The click comes after the release.
    setTimeout(run)
  }
  window.addEventListener('pointerup', done)
  window.addEventListener('pointercancel', done)
}
