import { INTEGRATION_ID_MAX, integrationId } from '@shared/schemas/integration'
import { Check } from 'lucide-react'
import { Controller } from 'react-hook-form'
import { Button } from '../../ui/button'
import { formatMinute } from '../../ui/format'
import { toLocalInput } from '../../ui/local-input'
import { RadioField } from '../../ui/radio'
import { TextField } from '../../ui/text-field'
import { Area } from './area'
import { hasStartDate, ID_TAKEN } from './form-model'
import styles from './integration-form.module.css'
import type { IntegrationForm } from './use-integration-form'

/** *Integration Details* of a new integration. */
export function DetailsArea({ form: state }: { readonly form: IntegrationForm }) {
  const { form, values, problems, surroundings, figures, inputId } = state
  const { control, register } = form
  const temporary = values.integrationType === 'temporary'
  return (
    <Area
      title="Integration Details"
      about="Give it an ID that says who consumes the events. ID, type and dates cannot be changed later."
    >
      <TextField
        {...register('id')}
        id={inputId('id')}
        label="Integration ID"
        placeholder="erp-orders"
        mono
        maxLength={INTEGRATION_ID_MAX + 10}
        error={liveIdProblem(values.id, surroundings.takenIds) ?? problems.id}
        hint={<IdHint id={values.id} takenIds={surroundings.takenIds} />}
      />
      <Controller
        control={control}
        name="integrationType"
        render={({ field }) => (
          <RadioField
            label="Integration Type"
            value={field.value}
            onChange={(value) => {
              field.onChange(value)
              state.chosenAnew()
            }}
            options={[
              { value: 'permanent', label: 'Permanent', hint: 'Delivers until you pause or delete it. No end date.' },
              {
                value: 'temporary',
                label: 'Temporary',
                hint: 'Delivers the events published between two dates, then stops by itself.',
              },
            ]}
          />
        )}
      />
      {!temporary && (
        <Controller
          control={control}
          name="deliver"
          render={({ field }) => (
            <RadioField
              label="Deliver"
              value={field.value}
              onChange={(value) => {
                field.onChange(value)
                state.chosenAnew()
              }}
              options={[
                { value: 'new', label: 'New events only' },
                {
                  value: 'from',
                  label: 'Also events from a start date',
                  hint: 'Replays matching events from the log first, then goes on with new ones.',
                },
              ]}
            />
          )}
        />
      )}
      {hasStartDate(values) && (
        <div className={styles.dates}>
          <TextField
            {...register('startsAt')}
            id={inputId('startsAt')}
            type="datetime-local"
            step="any"
            label="Start Date"
            error={problems.startsAt}
          />
          {temporary && (
            <TextField
              {...register('endsAt')}
              id={inputId('endsAt')}
              type="datetime-local"
              step="any"
              label="End Date"
              error={problems.endsAt}
            />
          )}
          <div className={styles.dateHint}>
            <span>
              Local time, {new Intl.DateTimeFormat().resolvedOptions().timeZone}. The start lies in the past: what the
              event log holds from then on is replayed, oldest first
              {temporary ? '. At the end date the integration stops by itself.' : ', then new events follow.'}
            </span>
            {figures !== undefined &&
              (figures.firstPublishedAt === null ? (
                <span>The event log is empty.</span>
              ) : (
                <FirstEvent
                  at={figures.firstPublishedAt}
                  onUse={(text) => form.setValue('startsAt', text, { shouldDirty: true, shouldValidate: true })}
                />
              ))}
          </div>
        </div>
      )}
    </Area>
  )
}

/** What is wrong with the ID while it is typed; an empty one is not wrong yet. */
function liveIdProblem(id: string, takenIds: readonly string[]): string | undefined {
  if (id === '') return undefined
  if (takenIds.includes(id)) return ID_TAKEN
  return integrationId.safeParse(id).error?.issues[0]?.message
}

function IdHint({ id, takenIds }: { readonly id: string; readonly takenIds: readonly string[] }) {
  const free = id !== '' && liveIdProblem(id, takenIds) === undefined
  return (
    <span className={styles.idHint}>
      {free ? (
        <span className={styles.free}>
          <Check size={13} aria-hidden="true" /> This ID is free
        </span>
      ) : (
        <span>Lower-case letters, digits and hyphens.</span>
      )}
      <span>
        {id.length} / {INTEGRATION_ID_MAX}
      </span>
    </span>
  )
}

function FirstEvent({ at, onUse }: { readonly at: number; readonly onUse: (text: string) => void }) {
  return (
    <Button small onClick={() => onUse(toLocalInput(at))}>
      Use the first event of the log, {formatMinute(at)}
    </Button>
  )
}
