import { useState } from 'react'
import { Controller } from 'react-hook-form'
import { Checkbox } from '../../ui/checkbox'
import { Disclosure } from '../../ui/disclosure'
import { formatNumber } from '../../ui/format'
import { RadioField } from '../../ui/radio'
import { TextField } from '../../ui/text-field'
import { Area } from './area'
import { DeliveryOptionFields } from './delivery-option-fields'
import { changedOptions, type FormValues, fieldLabels, type SecretInput, typed } from './form-model'
import styles from './integration-form.module.css'
import { SecretConsent } from './secret-consent'
import { SecretField } from './secret-field'
import { SigningSecrets } from './signing-secrets'
import { TargetGuide } from './target-guide'
import { TargetTestPanel } from './target-test-panel'
import type { IntegrationForm } from './use-integration-form'

interface Props {
  readonly form: IntegrationForm
}

/** *Integration Target*: where the events go. The kind of a saved one never changes. */
export function TargetArea({ form: state }: Props) {
  const { form, values, surroundings, saved } = state
  const [guideOpen, setGuideOpen] = useState(false)
  const webhook = values.kind === 'webhook'
  return (
    <Area
      title="Integration Target"
      about={
        saved === undefined
          ? 'Where the events go. S3 is the recommended choice where it is possible.'
          : `The kind of target, ${webhook ? 'a webhook' : 'an AWS S3 bucket'}, is fixed since the integration was created.`
      }
    >
      {saved === undefined && (
        <>
          <Controller
            control={form.control}
            name="kind"
            render={({ field }) => (
              <RadioField
                label="Target"
                value={field.value}
                onChange={(kind) => {
                  field.onChange(kind)
                  state.chosenAnew()
                }}
                options={[
                  {
                    value: 's3',
                    label: 'AWS S3 bucket',
                    hint: 'Recommended. Events arrive in batches: every 5 minutes, or sooner at 50 MB.',
                  },
                  {
                    value: 'webhook',
                    label: 'Webhook',
                    hint: 'Each event is posted to an address of yours as it happens, usually within seconds.',
                  },
                ]}
              />
            )}
          />
          <Disclosure title="Which target to choose" open={guideOpen} onToggle={setGuideOpen}>
            <TargetGuide />
          </Disclosure>
        </>
      )}
      {webhook ? <WebhookFields form={state} /> : <S3Fields form={state} />}
      <SecretConsent protection={surroundings.protection} />
      <Disclosure
        title="Advanced"
        summary={advancedSummary(values)}
        open={state.advancedOpen}
        onToggle={state.setAdvancedOpen}
      >
        <div className={styles.groups}>
          {webhook ? <SigningSecrets form={state} /> : <S3Advanced form={state} />}
          <DeliveryOptionFields form={state} />
        </div>
      </Disclosure>
      <TargetTestPanel form={state} />
    </Area>
  )
}

function advancedSummary(values: FormValues): string {
  const parts =
    values.kind === 'webhook' ? 'Signing, limits, timeouts, retries' : 'Other storage, session token, batches'
  const changed = changedOptions(values)
  return changed === 0 ? parts : `${parts} · ${formatNumber(changed)} not at the default`
}

function WebhookFields({ form: state }: Props) {
  const { form, problems, inputId } = state
  return (
    <>
      <TextField
        {...form.register('callbackUrl')}
        id={inputId('callbackUrl')}
        label="Callback URL"
        placeholder="https://example.com/events"
        inputMode="url"
        mono
        error={problems.callbackUrl}
      />
      <Secret
        form={state}
        name="apiKey"
        removable
        hint="Sent with every event as a bearer token. It is stored encrypted and never shown again."
      />
    </>
  )
}

function S3Fields({ form: state }: Props) {
  const { form, problems, inputId, saved } = state
  const hint = saved?.target.kind === 's3' ? `Saved, ends in ${saved.target.accessKeyHint}` : undefined
  /** The two belong together: a new one makes the other one useless. */
  const pair = (other: 'accessKeyId' | 'secretAccessKey') => (value: SecretInput) => {
    if (saved === undefined) return
    const now = form.getValues(other)
    if (value.state === 'saved') form.setValue(other, { state: 'saved' }, { shouldDirty: true })
    else if (now.state === 'saved') form.setValue(other, typed(''), { shouldDirty: true })
  }
  return (
    <>
      <div className={styles.pair}>
        <Secret
          form={state}
          name="accessKeyId"
          {...(hint === undefined ? {} : { savedText: hint })}
          onChange={pair('secretAccessKey')}
        />
        <Secret form={state} name="secretAccessKey" onChange={pair('accessKeyId')} />
      </div>
      <p className={styles.note}>Both keys are stored encrypted and never shown again.</p>
      <div className={styles.pair}>
        <TextField
          {...form.register('region')}
          id={inputId('region')}
          label="AWS Region"
          placeholder="eu-central-1"
          mono
          error={problems.region}
        />
        <TextField
          {...form.register('bucket')}
          id={inputId('bucket')}
          label="S3 Bucket Name"
          placeholder="acme-event-stream"
          mono
          error={problems.bucket}
        />
      </div>
      <TextField
        {...form.register('keyPrefix')}
        id={inputId('keyPrefix')}
        label="Key Prefix"
        placeholder="events/orders"
        mono
        error={problems.keyPrefix}
        hint="Optional. Objects are named prefix/tenant/time-data-random.export; no slash at the end."
      />
    </>
  )
}

function S3Advanced({ form: state }: Props) {
  const { form, values, problems, inputId } = state
  const pathStyleId = `${inputId('endpoint')}-path-style`
  return (
    <section className={styles.group} aria-label="Other storage">
      <h3 className={styles.groupTitle}>Other S3-compatible storage</h3>
      <TextField
        {...form.register('endpoint')}
        id={inputId('endpoint')}
        label="Endpoint"
        placeholder="https://storage.example.com"
        mono
        error={problems.endpoint}
        hint="Scheme, host and port of a storage that speaks S3. Empty: AWS itself."
      />
      <Controller
        control={form.control}
        name="pathStyle"
        render={({ field }) => (
          <div className={styles.check}>
            <Checkbox
              id={pathStyleId}
              label="Path-style addresses"
              describedBy={`${pathStyleId}-hint`}
              checked={field.value}
              onChange={field.onChange}
            />
            <label htmlFor={pathStyleId}>
              Path-style addresses
              <span id={`${pathStyleId}-hint`} className={styles.hint}>
                The bucket stands in the path ({values.endpoint.trim() || 'https://host'}/bucket) instead of the host
                name. Most storages other than AWS need it.
              </span>
            </label>
          </div>
        )}
      />
      <Secret
        form={state}
        name="sessionToken"
        removable
        hint="Only for temporary keys of AWS. Deliveries fail once it expires."
      />
    </section>
  )
}

interface SecretProps extends Props {
  readonly name: 'apiKey' | 'accessKeyId' | 'secretAccessKey' | 'sessionToken'
  readonly hint?: string
  readonly savedText?: string
  readonly removable?: boolean
  readonly onChange?: (value: SecretInput) => void
}

function Secret({ form: state, name, hint, savedText, removable = false, onChange }: SecretProps) {
  const { form, problems, inputId, saved } = state
  return (
    <Controller
      control={form.control}
      name={name}
      render={({ field }) => (
        <SecretField
          id={inputId(name)}
          label={fieldLabels[name]}
          value={field.value}
          error={problems[name]}
          hint={hint}
          hasSaved={saved !== undefined && hasSaved(saved, name)}
          {...(savedText === undefined ? {} : { savedText })}
          removable={removable}
          onChange={(value) => {
            field.onChange(value)
            onChange?.(value)
          }}
          onBlur={field.onBlur}
        />
      )}
    />
  )
}

function hasSaved({ target }: NonNullable<IntegrationForm['saved']>, name: SecretProps['name']): boolean {
  if (target.kind === 'webhook') return name === 'apiKey' && target.hasApiKey
  return name === 'sessionToken' ? target.hasSessionToken : name !== 'apiKey'
}
