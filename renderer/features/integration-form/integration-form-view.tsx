import { Check } from 'lucide-react'
import type { ClipboardEvent, ReactNode } from 'react'
import { Button } from '../../ui/button'
import { EventsArea } from './events-area'
import { fieldLabels, fieldNames } from './form-model'
import styles from './integration-form.module.css'
import { TargetArea } from './target-area'
import type { IntegrationForm } from './use-integration-form'

interface Props {
  readonly form: IntegrationForm
  /** The accessible name of the form. */
  readonly name: string
  /** Remarks above the first area. */
  readonly remarks?: ReactNode
  /** The area *Integration Details*. */
  readonly details: ReactNode
  readonly submitLabel: string
  /** Said while saving takes its time. */
  readonly savingText?: string
  /** Said after it was saved, for who stays on the screen. */
  readonly savedText?: string | undefined
  /** False while there is nothing to save. */
  readonly canSubmit?: boolean
  /** Leaves the form. */
  readonly cancel: ReactNode
  /** Takes a pasted text for the whole form; true when it did. */
  readonly onPasteText?: (text: string) => boolean
}

/** The three areas of an integration and the bar that saves them. */
export function IntegrationFormView(props: Props) {
  const {
    form,
    name,
    remarks,
    details,
    submitLabel,
    savingText,
    savedText,
    canSubmit = true,
    cancel,
    onPasteText,
  } = props
  const badFields = fieldNames.filter((field) => form.problems[field] !== undefined)
  const onPaste = (event: ClipboardEvent) => {
    if (onPasteText?.(event.clipboardData.getData('text/plain'))) event.preventDefault()
  }
  return (
    <form
      className={styles.form}
      noValidate
      aria-label={name}
      onPaste={onPaste}
      onBlur={(event) => form.left(event.target.id)}
      onChange={(event) => form.changed((event.target as Element).id)}
      onSubmit={(event) => {
        event.preventDefault()
        if (canSubmit) form.submit()
      }}
    >
      <div className={styles.scroller}>
        <div className={styles.remarks}>{remarks}</div>
        {details}
        <EventsArea form={form} />
        <TargetArea form={form} />
      </div>
      <footer className={styles.footer}>
        <div className={styles.footerInner}>
          <div className={styles.summary} role="alert">
            {form.failure !== null && <span className={styles.bad}>{form.failure}</span>}
            {form.tried && badFields.length > 0 && (
              <span className={styles.bad}>
                {badFields.length === 1 ? 'One field needs' : `${badFields.length} fields need`} attention:{' '}
                {badFields.map((field, i) => (
                  <span key={field}>
                    {i > 0 && ', '}
                    <button type="button" className={styles.jump} onClick={() => form.focus(field)}>
                      {fieldLabels[field]}
                    </button>
                  </span>
                ))}
              </span>
            )}
            {form.saving && savingText !== undefined && <span className={styles.hint}>{savingText}</span>}
            {savedText !== undefined && !form.saving && (
              <span className={styles.done}>
                <Check size={14} aria-hidden="true" />
                {savedText}
              </span>
            )}
          </div>
          {cancel}
          <Button type="submit" variant="primary" pending={form.saving} aria-disabled={!canSubmit}>
            {submitLabel}
          </Button>
        </div>
      </footer>
    </form>
  )
}
