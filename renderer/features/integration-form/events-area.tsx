import { Controller } from 'react-hook-form'
import { Callout } from '../../ui/callout'
import { RadioField } from '../../ui/radio'
import { Area } from './area'
import { EventPicker } from './event-picker'
import { type Choice, selectionOf, subjectsOf } from './event-selection'
import { MatchCount } from './match-count'
import type { IntegrationForm } from './use-integration-form'

/** *Events*: what the integration consumes. */
export function EventsArea({ form: state }: { readonly form: IntegrationForm }) {
  const { form, values, problems, entities, figures, inputId, saved } = state
  const all = values.scope === 'all'
  const choice: Choice = values
  const change = ({ chosen, future }: Choice) => {
    form.setValue('chosen', chosen, { shouldDirty: true })
    form.setValue('future', future, { shouldDirty: true })
    if (problems.chosen !== undefined) void form.trigger('chosen')
  }
  const subjects = all ? [] : subjectsOf(choice)
  return (
    <Area
      title="Events"
      about={
        <>
          <p>
            Add related events only, which makes an integration easier to audit and view. For example, one integration
            for order and return, and another one for fulfillment_request.
          </p>
          {saved !== undefined && (
            <p>A change applies from now on: events that were delivered, rejected or passed by stay as they are.</p>
          )}
        </>
      }
    >
      <Controller
        control={form.control}
        name="scope"
        render={({ field }) => (
          <RadioField
            label="Consume"
            value={field.value}
            onChange={(scope) => {
              field.onChange(scope)
              form.clearErrors('chosen')
            }}
            options={[
              { value: 'chosen', label: 'Chosen events' },
              {
                value: 'all',
                label: 'All events',
                hint: 'Every event of every entity, also types that the console does not know yet.',
              },
            ]}
          />
        )}
      />
      {!all && (
        <EventPicker
          id={inputId('chosen')}
          entities={entities}
          figures={figures}
          choice={choice}
          error={problems.chosen}
          onChange={change}
        />
      )}
      {subjects.length > 1 && (
        <Callout tone="info">
          These events are about different things: {subjects.map((names) => names.join(' and ')).join('; ')}. An
          integration for each is easier to audit and to view later. You can also go on like this.
        </Callout>
      )}
      <MatchCount
        selection={all ? { entities: [], events: [] } : selectionOf(choice)}
        none={!all && choice.chosen.length + choice.future.length === 0}
      />
    </Area>
  )
}
