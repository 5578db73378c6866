import type { SecretProtection } from '@shared/domain'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Eye, EyeOff } from 'lucide-react'
import { type InputHTMLAttributes, type Ref, useState } from 'react'
import { call, sentenceOf } from '../../bridge/client'
import { keys } from '../../query/keys'
import { Button, IconButton } from '../../ui/button'
import { Callout } from '../../ui/callout'
import { TextField } from '../../ui/text-field'
import styles from './new-integration-page.module.css'

interface Props extends InputHTMLAttributes<HTMLInputElement> {
  readonly id: string
  readonly error: string | undefined
  readonly protection: SecretProtection | undefined
  readonly onConsent: () => void
  readonly ref?: Ref<HTMLInputElement>
}

/** The key can be looked at while it is typed; once saved, nothing shows it again. */
export function ApiKeyField({ protection, onConsent, error, ...input }: Props) {
  const [shown, setShown] = useState(false)
  return (
    <div className={styles.fields}>
      <TextField
        {...input}
        label="API Key"
        type={shown ? 'text' : 'password'}
        mono
        autoComplete="new-password"
        error={error}
        hint="Sent with every event as a bearer token. It is stored encrypted and never shown again."
        trailing={
          <IconButton
            label={shown ? 'Hide API key' : 'Show API key'}
            aria-pressed={shown}
            onClick={() => setShown(!shown)}
          >
            {shown ? <EyeOff size={15} aria-hidden="true" /> : <Eye size={15} aria-hidden="true" />}
          </IconButton>
        }
      />
      {protection === 'none' && <Consent onConsent={onConsent} />}
      {protection === 'locked' && (
        <Callout tone="warning" title="Secrets are locked">
          API keys are encrypted with a key that this machine or user cannot unlock, so a new one cannot be saved. Open
          the console as the user who made this workspace, or unlock the system’s keychain and start the console again.
        </Callout>
      )}
    </div>
  )
}

function Consent({ onConsent }: { readonly onConsent: () => void }) {
  const client = useQueryClient()
  const consent = useMutation({
    mutationFn: () => call('secrets.consent', {}),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.info })
      onConsent()
    },
  })
  return (
    <Callout
      tone="warning"
      title="This system has no keychain"
      action={
        <Button small pending={consent.isPending} onClick={() => consent.mutate()}>
          Allow key file
        </Button>
      }
    >
      <p>
        The console can encrypt API keys with a key that it keeps in a file which only you can read. Whoever can act as
        you on this machine could read it too. This is asked once.
      </p>
      {consent.isError && <p role="alert">{sentenceOf(consent.error)}</p>}
    </Callout>
  )
}
