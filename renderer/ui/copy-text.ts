/**
 * Puts a text on the clipboard; false when the system refuses. The clipboard API needs a permission that the window may not hold; the
 * older command does not.
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const onCopy = (event: ClipboardEvent) => {
      event.preventDefault()
      event.clipboardData?.setData('text/plain', text)
    }
    document.addEventListener('copy', onCopy)
    try {
      return document.execCommand('copy')
    } finally {
      document.removeEventListener('copy', onCopy)
    }
  }
}
