import { Radio } from '@base-ui/react/radio'
import { RadioGroup } from '@base-ui/react/radio-group'
import { type ReactNode, useId } from 'react'
import styles from './radio.module.css'

interface Option<V extends string> {
  readonly value: V
  readonly label: string
  readonly hint?: ReactNode
}

interface Props<V extends string> {
  readonly label: string
  readonly value: V
  readonly options: readonly Option<V>[]
  readonly onChange: (value: V) => void
}

/** Options with room to explain each. */
export function RadioField<V extends string>({ label, value, options, onChange }: Props<V>) {
  const id = useId()
  return (
    <div className={styles.field}>
      <div id={id} className={styles.label}>
        {label}
      </div>
      <RadioGroup aria-labelledby={id} value={value} onValueChange={onChange} className={styles.options}>
        {options.map((option) => (
          // biome-ignore lint/a11y/noLabelWithoutControl: the radio brings an input of its own
          <label key={option.value} className={styles.option}>
            <Radio.Root
              value={option.value}
              className={styles.radio}
              aria-label={option.label}
              {...(option.hint === undefined ? {} : { 'aria-describedby': `${id}-${option.value}` })}
            >
              <Radio.Indicator className={styles.dot} />
            </Radio.Root>
            <span>
              <span className={styles.name}>{option.label}</span>
              {option.hint !== undefined && (
                <span id={`${id}-${option.value}`} className={styles.hint}>
                  {option.hint}
                </span>
              )}
            </span>
          </label>
        ))}
      </RadioGroup>
    </div>
  )
}

/** Few short options in one control. */
export function Segmented<V extends string>({ label, value, options, onChange }: Props<V>) {
  return (
    <RadioGroup aria-label={label} value={value} onValueChange={onChange} className={styles.segmented}>
      {options.map((option) => (
        <Radio.Root key={option.value} value={option.value} className={styles.segment} aria-label={option.label}>
          {option.label}
        </Radio.Root>
      ))}
    </RadioGroup>
  )
}
