import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button, IconButton } from './button'
import { copyText } from './copy-text'
import { toastError } from './toast'

interface Props {
  /** The accessible name, e.g. `Copy event ID`. */
  readonly label: string
  readonly text: string
  /** Shows the word next to the icon. */
  readonly worded?: boolean
  /** The word of a worded button. */
  readonly words?: string
  /** Shows what is copied next to the icon, without a border. */
  readonly short?: string
}

export function CopyButton({ label, text, worded, words = 'Copy', short }: Props) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 1600)
    return () => clearTimeout(timer)
  }, [copied])

  const copy = async () => {
    if (await copyText(text)) setCopied(true)
    else toastError('The text could not be copied.')
  }
  const icon = copied ? <Check size={14} aria-hidden="true" /> : <Copy size={14} aria-hidden="true" />
  if (worded) {
    return (
      <Button small icon={icon} aria-label={label} onClick={() => void copy()}>
        {copied ? 'Copied' : words}
      </Button>
    )
  }
  if (short !== undefined) {
    return (
      <Button small variant="ghost" icon={icon} aria-label={label} onClick={() => void copy()}>
        {copied ? 'Copied' : short}
      </Button>
    )
  }
  return (
    <IconButton label={copied ? 'Copied' : label} aria-label={label} onClick={() => void copy()}>
      {icon}
    </IconButton>
  )
}
