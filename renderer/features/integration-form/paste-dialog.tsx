import { type KeyboardEvent, useId, useRef, useState } from 'react'
import { Button } from '../../ui/button'
import { Callout } from '../../ui/callout'
import { Dialog } from '../../ui/dialog'
import { type Reading, readPasted } from './definition'
import styles from './paste-dialog.module.css'

interface Props {
  readonly onRead: (reading: Reading) => void
  readonly onClose: () => void
}

const EXAMPLE = `{
  "id": "erp-orders",
  "integration_type": "permanent",
  "callback_parameters": { "callback_url": "https://…" }
}`

/** Takes a definition as text. What it says is filled into the form, where it can be looked at before anything is saved. */
export function PasteDialog({ onRead, onClose }: Props) {
  const id = useId()
  const input = useRef<HTMLTextAreaElement>(null)
  const [text, setText] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const read = () => {
    const reading = readPasted(text)
    if (typeof reading !== 'string') return onRead(reading)
    setProblem(reading)
    input.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) read()
  }
  return (
    <Dialog
      title="Paste a definition"
      description={
        <p>
          The JSON of an integration, from <em>Copy as JSON</em> or of the Event Stream API, or a cURL command that
          calls the receiver. It fills the form; nothing is saved yet. You can also paste it into any field of the form.
        </p>
      }
      initialFocus={input}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" onClick={read}>
            Fill in the form
          </Button>
        </>
      }
    >
      <label htmlFor={id} className={styles.label}>
        JSON or cURL
      </label>
      <textarea
        ref={input}
        id={id}
        className={styles.text}
        rows={12}
        spellCheck={false}
        placeholder={EXAMPLE}
        value={text}
        aria-invalid={problem !== null}
        onChange={(event) => {
          setText(event.target.value)
          setProblem(null)
        }}
        onKeyDown={onKeyDown}
      />
      {problem !== null && <Callout tone="danger">{problem}</Callout>}
    </Dialog>
  )
}
