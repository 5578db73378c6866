import { deliveryDefaults } from '@shared/schemas/integration'
import { Controller } from 'react-hook-form'
import { Button } from '../../ui/button'
import { Checkbox } from '../../ui/checkbox'
import { RadioField } from '../../ui/radio'
import { TextField } from '../../ui/text-field'
import {
  changedOptions,
  hasOption,
  type NumberOption,
  type NumberOptionName,
  numberOptionNames,
  numberOptions,
  optionTexts,
  rangeText,
} from './form-model'
import styles from './integration-form.module.css'
import type { IntegrationForm } from './use-integration-form'

const defaults = optionTexts(deliveryDefaults)

/** How deliveries are made: each option with what it does, its default and its bounds. */
export function DeliveryOptionFields({ form: state }: { readonly form: IntegrationForm }) {
  const { form, values } = state
  const { kind } = values
  return (
    <section className={styles.group} aria-label="Delivery">
      <div className={styles.groupHead}>
        <h3 className={styles.groupTitle}>Delivery</h3>
        {changedOptions(values) > 0 && (
          <Button
            small
            variant="ghost"
            onClick={() => {
              form.reset({ ...form.getValues(), ...defaults }, { keepDefaultValues: true })
              void form.trigger([...numberOptionNames])
            }}
          >
            Back to the defaults
          </Button>
        )}
      </div>
      <div className={styles.numbers}>
        {numberOptionNames
          .filter((name) => hasOption(name, kind))
          .map((name) => (
            <NumberField key={name} name={name} form={state} />
          ))}
      </div>
      <Flag
        form={state}
        name="restartWhenBack"
        label="Restart when back"
        hint="After it stopped itself, the target is probed now and then, and the integration starts again when it answers."
      />
      {kind === 's3' ? (
        <Flag
          form={state}
          name="gzip"
          label="Compress objects"
          hint="Objects are written with gzip (Content-Encoding: gzip). The batch size counts what is written."
        />
      ) : (
        <Controller
          control={form.control}
          name="keepAnswers"
          render={({ field }) => (
            <RadioField
              label="Keep answers"
              value={field.value}
              onChange={field.onChange}
              options={[
                { value: 'failures', label: 'Of failures only', hint: 'The default. What is needed to find out why.' },
                {
                  value: 'all',
                  label: 'Of all attempts',
                  hint: 'Headers and the start of the body. The store grows faster.',
                },
              ]}
            />
          )}
        />
      )}
    </section>
  )
}

function NumberField({ name, form: state }: { readonly name: NumberOptionName; readonly form: IntegrationForm }) {
  const option: NumberOption = numberOptions[name]
  return (
    <TextField
      {...state.form.register(name)}
      id={state.inputId(name)}
      label={option.label}
      inputMode="decimal"
      placeholder={option.empty ?? ''}
      error={state.problems[name]}
      hint={
        <>
          {option.hint} {rangeText(name)}
        </>
      }
      trailing={<span className={styles.unit}>{option.unit}</span>}
    />
  )
}

interface FlagProps {
  readonly form: IntegrationForm
  readonly name: 'restartWhenBack' | 'gzip'
  readonly label: string
  readonly hint: string
}

function Flag({ form: { form, inputId }, name, label, hint }: FlagProps) {
  const id = `${inputId('stopAfterMinutes')}-${name}`
  return (
    <Controller
      control={form.control}
      name={name}
      render={({ field }) => (
        <div className={styles.check}>
          <Checkbox id={id} label={label} describedBy={`${id}-hint`} checked={field.value} onChange={field.onChange} />
          <label htmlFor={id}>
            {label}
            <span id={`${id}-hint`} className={styles.hint}>
              {hint} Default: {deliveryDefaults[name] ? 'on' : 'off'}.
            </span>
          </label>
        </div>
      )}
    />
  )
}
