import type { Integration, LogFigures } from '@shared/domain'
import { AppError } from '@shared/errors'
import type { Entity } from '@shared/event-catalog'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useId, useMemo, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { type FieldErrors, type Resolver, type UseFormReturn, useForm } from 'react-hook-form'
import { sentenceOf } from '../../bridge/client'
import { figuresQuery, infoQuery, integrationListQuery } from '../../query/queries'
import { afterPointer } from '../../ui/after-pointer'
import { type Reading, selectionIn } from './definition'
import { entitiesWith } from './event-selection'
import {
  dependentFields,
  type FieldName,
  type FormValues,
  fieldNames,
  fieldOf,
  isAdvanced,
  type Problems,
  problemsOf,
  type Surroundings,
} from './form-model'

interface Options {
  readonly initial: FormValues
  readonly saved?: Integration | undefined
  /** Saves the values; what it throws is shown at the field that it names, or above the button. */
  readonly save: (values: FormValues) => Promise<void>
}

/** The state of the form and what its parts need of it. */
export interface IntegrationForm {
  readonly form: UseFormReturn<FormValues, Surroundings>
  readonly values: FormValues
  readonly problems: Problems
  readonly surroundings: Surroundings
  readonly saved: Integration | undefined
  readonly entities: readonly Entity[]
  readonly figures: LogFigures | undefined
  readonly isDirty: boolean
  readonly saving: boolean
  /** Why saving failed, where no field is to blame. */
  readonly failure: string | null
  /** True once saving was tried: from then on the fields that need attention are listed. */
  readonly tried: boolean
  readonly advancedOpen: boolean
  readonly setAdvancedOpen: (open: boolean) => void
  readonly inputId: (name: FieldName) => string
  /** Brings a field into view with the focus in it, unfolding the part that hides it. */
  readonly focus: (name: FieldName) => void
  readonly submit: () => void
  /** An input was left: it is checked from now on. */
  readonly left: (inputId: string) => void
  /** A choice shows other fields: remarks at those that depend on it are out of date. */
  readonly chosenAnew: () => void
  /** An input was changed: a remark at it may be out of date. */
  readonly changed: (inputId: string) => void
  /** Fills in what a pasted text says. */
  readonly fill: (reading: Reading) => void
  /** Checks fields and brings the first that is wrong into view; true when none is. */
  readonly check: (names: readonly FieldName[]) => Promise<boolean>
}

export function useIntegrationForm({ initial, saved, save }: Options): IntegrationForm {
  const rows = useQuery(integrationListQuery).data?.rows
  const info = useQuery(infoQuery).data
  const figures = useQuery(figuresQuery).data
  const domId = useId()
  const [known, setKnown] = useState(() => selectionIn(initial))
  const [advancedOpen, setAdvancedOpen] = useState(false)
  const [saving, setSaving] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  const [tried, setTried] = useState(false)
  const busy = useRef(false)
  const entities = useMemo(() => entitiesWith(figures, known), [figures, known])
  const surroundings: Surroundings = {
    takenIds: rows?.map((row) => row.id) ?? [],
    protection: info?.secretProtection,
    saved,
  }
  const form = useForm<FormValues, Surroundings>({
    defaultValues: initial,
    mode: 'onSubmit',
    context: surroundings,
    resolver: resolve,
    shouldFocusError: false,
  })
  // Read while rendering: the form only keeps track of what was asked for.
  const { errors, isDirty } = form.formState
  const values = form.watch()
  const problems = problemsIn(errors)
  const inputId = (name: FieldName) => `${domId}-${name}`
  const fieldAt = (id: string) => fieldNames.find((name) => inputId(name) === id)

  const { protection } = surroundings
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again only when secrets can be saved, or can no longer
  useEffect(() => {
    const wrong = fieldNames.filter((name) => problems[name] !== undefined)
    if (wrong.length > 0) void form.trigger(wrong)
  }, [protection])

  const focus = (name: FieldName) => {
    if (isAdvanced(name)) flushSync(() => setAdvancedOpen(true))
    const input = document.getElementById(inputId(name))
    input?.focus({ preventScroll: true })
    input?.scrollIntoView({ block: 'center' })
  }
  const focusFirst = (found: Problems, among: readonly FieldName[] = fieldNames) => {
    const first = fieldNames.find((name) => among.includes(name) && found[name] !== undefined)
    if (first !== undefined) focus(first)
    return first === undefined
  }

  const accepted = async (input: FormValues) => {
    if (busy.current) return
    busy.current = true
    setSaving(true)
    setFailure(null)
    try {
      await save(input)
      setTried(false)
    } catch (error) {
      const field = error instanceof AppError && error.field !== undefined ? fieldOf(error.field) : undefined
      if (field === undefined) return setFailure(sentenceOf(error))
      flushSync(() => {
        form.setError(field, { type: 'server', message: sentenceOf(error) })
        setTried(true)
      })
      focus(field)
    } finally {
      busy.current = false
      setSaving(false)
    }
  }
  const refused = (found: FieldErrors<FormValues>) => {
    setTried(true)
    focusFirst(problemsIn(found))
  }

  return {
    form,
    values,
    problems,
    surroundings,
    saved,
    entities,
    figures,
    isDirty,
    saving,
    failure,
    tried,
    advancedOpen,
    setAdvancedOpen,
    inputId,
    focus,
    left: (id) => {
      const name = fieldAt(id)
      if (name !== undefined) afterPointer(() => void form.trigger(name === 'startsAt' ? ['startsAt', 'endsAt'] : name))
    },
    chosenAnew: () => form.clearErrors([...dependentFields]),
    changed: (id) => {
      const name = fieldAt(id)
      if (name !== undefined && problems[name] !== undefined) void form.trigger(name)
      if (name === 'startsAt' && problems.endsAt !== undefined) void form.trigger('endsAt')
    },
    submit: () => void form.handleSubmit(accepted, refused)(),
    fill: (reading) => {
      const { chosen, future } = reading.values
      if (chosen !== undefined || future !== undefined) setKnown(selectionIn(reading.values))
      form.reset({ ...form.getValues(), ...reading.values }, { keepDefaultValues: true })
      // What was pasted may be wrong; it is said at once, at the fields that it was pasted into.
      void form.trigger(Object.keys(reading.values).filter((name) => name in errorFields) as (keyof FormValues)[])
    },
    check: async (names) => {
      await form.trigger([...names])
      return focusFirst(problemsOf(form.getValues(), surroundings), names)
    },
  }
}

const errorFields = Object.fromEntries(fieldNames.map((name) => [name, true]))

const resolve: Resolver<FormValues, Surroundings> = (values, surroundings) => {
  const problems = surroundings === undefined ? {} : problemsOf(values, surroundings)
  const entries = Object.entries(problems)
  if (entries.length === 0) return { values, errors: {} }
  const errors = Object.fromEntries(entries.map(([name, message]) => [name, { type: 'invalid', message }]))
  return { values: {}, errors: errors as FieldErrors<FormValues> }
}

function problemsIn(errors: FieldErrors<FormValues>): Problems {
  const found: Partial<Record<FieldName, string>> = {}
  for (const name of fieldNames) {
    const message = (errors[name] as { readonly message?: string } | undefined)?.message
    if (message !== undefined) found[name] = message
  }
  return found
}
