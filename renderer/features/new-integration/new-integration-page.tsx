import { AppError } from '@shared/errors'
import { INTEGRATION_ID_MAX, integrationId } from '@shared/schemas/integration'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useBlocker, useNavigate } from '@tanstack/react-router'
import { Check } from 'lucide-react'
import { type ReactNode, useId, useMemo, useRef, useState } from 'react'
import { Controller, type FieldErrors, type Resolver, useForm } from 'react-hook-form'
import { call, sentenceOf } from '../../bridge/client'
import { keys } from '../../query/keys'
import { figuresQuery, infoQuery, integrationListQuery } from '../../query/queries'
import { Button, buttonClass } from '../../ui/button'
import { Callout } from '../../ui/callout'
import { ConfirmDialog } from '../../ui/confirm-dialog'
import { countOf, formatMinute } from '../../ui/format'
import { toLocalInput } from '../../ui/local-input'
import { PageHeader } from '../../ui/page'
import { RadioField } from '../../ui/radio'
import { TextField } from '../../ui/text-field'
import { toastSuccess } from '../../ui/toast'
import { ApiKeyField } from './api-key-field'
import { EventPicker } from './event-picker'
import { entitiesWith } from './event-tree'
import {
  emptyForm,
  type FieldName,
  type FormValues,
  fieldLabels,
  fieldNames,
  fieldOf,
  hasStartDate,
  ID_TAKEN,
  type Problems,
  problemsOf,
  type Surroundings,
  toNewIntegration,
} from './form-model'
import styles from './new-integration-page.module.css'

const route = getRouteApi('/integrations/new')

export function NewIntegrationPage() {
  const { callbackUrl } = route.useSearch()
  const navigate = useNavigate()
  const client = useQueryClient()
  const rows = useQuery(integrationListQuery).data?.rows
  const info = useQuery(infoQuery).data
  const figures = useQuery(figuresQuery).data
  const entities = useMemo(() => entitiesWith(figures), [figures])
  const domId = useId()
  const saved = useRef(false)
  const [summary, setSummary] = useState(false)

  const surroundings: Surroundings = {
    takenIds: rows?.map((row) => row.id) ?? [],
    entities,
    protection: info?.secretProtection,
  }
  const form = useForm<FormValues, Surroundings>({
    defaultValues: emptyForm(callbackUrl),
    mode: 'onTouched',
    context: surroundings,
    resolver: resolve,
    shouldFocusError: false,
  })
  const { control, register } = form
  // Read while rendering: the form only keeps track of what was asked for.
  const { errors, isDirty } = form.formState
  const values = form.watch()
  const problems = problemsIn(errors)
  const inputId = (name: FieldName) => `${domId}-${name}`
  const focus = (name: FieldName) => {
    const input = document.getElementById(inputId(name))
    input?.focus({ preventScroll: true })
    input?.scrollIntoView({ block: 'center' })
  }

  const creation = useMutation({
    mutationFn: (input: FormValues) => call('integrations.create', toNewIntegration(input, entities)),
    onSuccess: ({ id }) => {
      saved.current = true
      void client.invalidateQueries({ queryKey: keys.integrations })
      toastSuccess(`Integration ${id} was created and is active`)
      void navigate({ to: '/integrations/$id/events', params: { id } })
    },
    onError: (error) => {
      const field = fieldErrorOf(error)
      if (field === undefined) return
      form.setError(field, { type: 'server', message: sentenceOf(error) })
      setSummary(true)
      setTimeout(() => focus(field))
    },
  })
  const refused = (found: FieldErrors<FormValues>) => {
    setSummary(true)
    const first = fieldNames.find((name) => problemsIn(found)[name] !== undefined)
    if (first !== undefined) focus(first)
  }

  const leaving = useBlocker({
    shouldBlockFn: () => isDirty && !saved.current,
    // Electron takes an answer here for a silent refusal to close the window.
    enableBeforeUnload: false,
    withResolver: true,
  })

  const serverError = creation.error && fieldErrorOf(creation.error) === undefined ? creation.error : null
  const badFields = fieldNames.filter((name) => problems[name] !== undefined)
  const limitReached = info !== undefined && rows !== undefined && rows.length >= info.integrationLimit
  return (
    <>
      <PageHeader title="New Integration" />
      <form
        className={styles.form}
        noValidate
        aria-label="New Integration"
        onSubmit={(event) => void form.handleSubmit((input) => creation.mutate(input), refused)(event)}
      >
        <div className={styles.scroller}>
          {limitReached && (
            <Callout tone="warning" title="The maximum is reached">
              There are {countOf(rows.length, 'integration')} already, paused ones included. Delete one before you
              create another.
            </Callout>
          )}
          <Area
            title="Integration Details"
            about="Give it an ID that says who consumes the events. It cannot be changed later."
          >
            <TextField
              {...register('id', { onChange: () => creation.reset() })}
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
                  onChange={field.onChange}
                  options={[
                    { value: 'permanent', label: 'Permanent', hint: 'Delivers until you pause or delete it.' },
                    {
                      value: 'temporary',
                      label: 'Temporary',
                      hint: 'Delivers the events published between two dates, then stops by itself.',
                    },
                  ]}
                />
              )}
            />
            {values.integrationType === 'permanent' && (
              <Controller
                control={control}
                name="deliver"
                render={({ field }) => (
                  <RadioField
                    label="Deliver"
                    value={field.value}
                    onChange={field.onChange}
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
                  {...register('startsAt', { deps: ['endsAt'] })}
                  id={inputId('startsAt')}
                  type="datetime-local"
                  label="Start Date"
                  error={problems.startsAt}
                />
                {values.integrationType === 'temporary' && (
                  <TextField
                    {...register('endsAt')}
                    id={inputId('endsAt')}
                    type="datetime-local"
                    label="End Date"
                    error={problems.endsAt}
                  />
                )}
                <div className={styles.dateHint}>
                  <span>
                    Local time, {new Intl.DateTimeFormat().resolvedOptions().timeZone}. A start in the past replays the
                    event log.
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
          <Area
            title="Events"
            about="Add related events only, which makes an integration easier to audit and view. For example, one integration for order and return, and another one for fulfillment_request."
          >
            <Controller
              control={control}
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
            {values.scope === 'chosen' && (
              <Controller
                control={control}
                name="chosen"
                render={({ field }) => (
                  <EventPicker
                    id={inputId('chosen')}
                    entities={entities}
                    figures={figures}
                    chosen={field.value}
                    error={problems.chosen}
                    onChange={(chosen) => {
                      field.onChange(chosen)
                      if (problems.chosen !== undefined) void form.trigger('chosen')
                    }}
                  />
                )}
              />
            )}
          </Area>
          <Area
            title="Integration Target"
            about="A webhook: each event is posted to the callback URL as it happens, usually within seconds."
          >
            <TextField
              {...register('target.callbackUrl')}
              id={inputId('target.callbackUrl')}
              label="Callback URL"
              placeholder="https://example.com/events"
              inputMode="url"
              mono
              error={problems['target.callbackUrl']}
            />
            <ApiKeyField
              {...register('target.apiKey')}
              id={inputId('target.apiKey')}
              error={problems['target.apiKey']}
              protection={surroundings.protection}
              onConsent={() => problems['target.apiKey'] !== undefined && void form.trigger('target.apiKey')}
            />
          </Area>
        </div>
        <footer className={styles.footer}>
          <div className={styles.footerInner}>
            <div className={styles.summary} role="alert">
              {serverError !== null && <span className={styles.bad}>{sentenceOf(serverError)}</span>}
              {summary && badFields.length > 0 && (
                <span className={styles.bad}>
                  {badFields.length === 1 ? 'One field needs' : `${badFields.length} fields need`} attention:{' '}
                  {badFields.map((name, i) => (
                    <span key={name}>
                      {i > 0 && ', '}
                      <button type="button" className={styles.jump} onClick={() => focus(name)}>
                        {fieldLabels[name]}
                      </button>
                    </span>
                  ))}
                </span>
              )}
            </div>
            <Link to="/event-stream/$view" params={{ view: 'all' }} className={buttonClass()}>
              Cancel
            </Link>
            <Button type="submit" variant="primary" pending={creation.isPending}>
              Create
            </Button>
          </div>
        </footer>
      </form>
      {leaving.status === 'blocked' && (
        <ConfirmDialog
          open
          title="Discard this integration?"
          cancelLabel="Keep editing"
          confirmLabel="Discard"
          onCancel={leaving.reset}
          onConfirm={leaving.proceed}
        >
          <p>What you have entered is not saved.</p>
        </ConfirmDialog>
      )}
    </>
  )
}

const resolve: Resolver<FormValues, Surroundings> = (values, surroundings) => {
  const problems = surroundings === undefined ? {} : problemsOf(values, surroundings)
  const entries = Object.entries(problems)
  if (entries.length === 0) return { values, errors: {} }
  const error = (message: string) => ({ type: 'invalid', message })
  const errors: Record<string, unknown> = {}
  for (const [name, message] of entries) {
    const [outer, inner] = name.split('.') as [string, string | undefined]
    if (inner === undefined) errors[outer] = error(message)
    else errors[outer] = { ...(errors[outer] as object | undefined), [inner]: error(message) }
  }
  return { values: {}, errors: errors as FieldErrors<FormValues> }
}

function problemsIn(errors: FieldErrors<FormValues>): Problems {
  const found: Partial<Record<FieldName, string>> = {}
  const at = {
    id: errors.id,
    startsAt: errors.startsAt,
    endsAt: errors.endsAt,
    chosen: errors.chosen,
    'target.callbackUrl': errors.target?.callbackUrl,
    'target.apiKey': errors.target?.apiKey,
  }
  for (const name of fieldNames) {
    const message = at[name]?.message
    if (message !== undefined) found[name] = message
  }
  return found
}

function fieldErrorOf(error: Error): FieldName | undefined {
  return error instanceof AppError && error.field !== undefined ? fieldOf(error.field) : undefined
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

interface AreaProps {
  readonly title: string
  readonly about: string
  readonly children: ReactNode
}

function Area({ title, about, children }: AreaProps) {
  const id = useId()
  return (
    <section className={styles.area} aria-labelledby={id}>
      <div className={styles.about}>
        <h2 id={id} className={styles.areaTitle}>
          {title}
        </h2>
        <p className={styles.aboutText}>{about}</p>
      </div>
      <div className={styles.fields}>{children}</div>
    </section>
  )
}
