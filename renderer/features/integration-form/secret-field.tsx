import { Eye, EyeOff } from 'lucide-react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Button, IconButton } from '../../ui/button'
import { TextField } from '../../ui/text-field'
import { type SecretInput, typed } from './form-model'
import styles from './secret-field.module.css'

interface Props {
  readonly id: string
  readonly label: string
  readonly value: SecretInput
  readonly error: string | undefined
  readonly hint?: ReactNode
  /** A saved one is there, so that a change of it can be taken back. */
  readonly hasSaved: boolean
  /** What is known of the saved one, such as its last characters. */
  readonly savedText?: string
  /** The target can do without it. */
  readonly removable?: boolean
  readonly onChange: (value: SecretInput) => void
  readonly onBlur: () => void
}

/** A secret can be looked at while it is typed. Once saved, nothing shows it again: it can be replaced or taken away. */
export function SecretField(props: Props) {
  const { id, label, value, error, hint, hasSaved, savedText, removable = false, onChange, onBlur } = props
  const [shown, setShown] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const wanted = useRef(false)
  useEffect(() => {
    if (wanted.current && value.state === 'typed') input.current?.focus()
    wanted.current = false
  }, [value.state])

  if (value.state === 'typed') {
    return (
      <div className={styles.typed}>
        <TextField
          ref={input}
          id={id}
          label={label}
          type={shown ? 'text' : 'password'}
          mono
          autoComplete="new-password"
          value={value.text}
          error={error}
          hint={hint}
          onChange={(event) => onChange(typed(event.target.value))}
          onBlur={onBlur}
          trailing={
            <IconButton
              label={`${shown ? 'Hide' : 'Show'} ${label}`}
              aria-pressed={shown}
              onClick={() => setShown(!shown)}
            >
              {shown ? <EyeOff size={15} aria-hidden="true" /> : <Eye size={15} aria-hidden="true" />}
            </IconButton>
          }
        />
        {hasSaved && (
          <Button small variant="ghost" className={styles.back} onClick={() => onChange({ state: 'saved' })}>
            Keep the saved {label}
          </Button>
        )}
      </div>
    )
  }
  const replace = () => {
    wanted.current = true
    setShown(false)
    onChange(typed(''))
  }
  return (
    <div className={styles.field}>
      <div className={styles.label} id={`${id}-label`}>
        {label}
      </div>
      <fieldset className={styles.saved} aria-labelledby={`${id}-label`}>
        <span className={styles.state}>
          {value.state === 'saved' ? (
            <>
              <span className={styles.dots} aria-hidden="true">
                ••••••••
              </span>
              {savedText ?? 'Saved'}
            </>
          ) : (
            'Taken away when you save'
          )}
        </span>
        {value.state === 'removed' ? (
          <Button id={id} small onClick={() => onChange({ state: 'saved' })}>
            Keep it
          </Button>
        ) : (
          <>
            <Button id={id} small aria-label={`Replace ${label}`} onClick={replace}>
              Replace
            </Button>
            {removable && (
              <Button
                small
                variant="ghost"
                aria-label={`Remove ${label}`}
                onClick={() => onChange({ state: 'removed' })}
              >
                Remove
              </Button>
            )}
          </>
        )}
      </fieldset>
      {error !== undefined && <p className={styles.error}>{error}</p>}
      {hint !== undefined && <div className={styles.hint}>{hint}</div>}
    </div>
  )
}
