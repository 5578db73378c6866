import { KeyRound } from 'lucide-react'
import { Button } from '../../ui/button'
import { CopyButton } from '../../ui/copy-button'
import { TextField } from '../../ui/text-field'
import type { SigningSecretInput } from './form-model'
import styles from './integration-form.module.css'
import { newSigningSecret } from './new-signing-secret'
import type { IntegrationForm } from './use-integration-form'

/** Secrets that requests are signed with. Two of them sign during a rotation; a saved one is never shown again. */
export function SigningSecrets({ form: state }: { readonly form: IntegrationForm }) {
  const { form, values, problems, inputId } = state
  const secrets = values.signingSecrets
  const id = inputId('signingSecrets')
  const set = (next: readonly SigningSecretInput[]) => {
    form.setValue('signingSecrets', next, { shouldDirty: true })
    if (problems.signingSecrets !== undefined) void form.trigger('signingSecrets')
  }
  const without = (index: number) => secrets.filter((_, i) => i !== index)
  const firstNew = secrets.findIndex((secret) => typeof secret === 'string')
  return (
    <section className={styles.group} aria-label="Signing">
      <div>
        <h3 className={styles.groupTitle}>Signing</h3>
        <p className={styles.hint}>
          A signature in webhook-signature proves to the receiver that a request comes from here and was not changed
          (Standard Webhooks).
        </p>
      </div>
      {secrets.map((secret, index) =>
        typeof secret === 'string' ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the text is what is edited, and the order never changes
          <div key={`new-${index}`}>
            <TextField
              id={index === firstNew ? id : `${id}-${index}`}
              label={secrets.length === 2 && index === 0 ? 'New signing secret' : 'Signing secret'}
              mono
              value={secret}
              error={index === firstNew ? problems.signingSecrets : undefined}
              hint="Give it to the receiver now: once saved, nobody can look at it again."
              onChange={(event) => set(secrets.with(index, event.target.value))}
              trailing={secret === '' ? undefined : <CopyButton label="Copy signing secret" text={secret} />}
            />
            <Button small variant="ghost" className={styles.under} onClick={() => set(without(index))}>
              Remove
            </Button>
          </div>
        ) : (
          <div key={`saved-${secret.saved}`} className={styles.savedSecret}>
            <KeyRound size={14} aria-hidden="true" />
            <span>{savedText(secrets.length, index)}</span>
            <Button
              small
              variant="ghost"
              aria-label={`Remove saved signing secret ${index + 1}`}
              onClick={() => set(without(index))}
            >
              Remove
            </Button>
          </div>
        ),
      )}
      {secrets.length === 2 && (
        <p className={styles.hint}>
          Both sign every request, so the receiver may know either. When it knows the new one, remove the old one here.
        </p>
      )}
      <div className={styles.buttons}>
        {secrets.length === 0 && (
          <>
            <Button small onClick={() => set([newSigningSecret()])}>
              Generate a signing secret
            </Button>
            <Button small variant="ghost" onClick={() => set([''])}>
              Enter one
            </Button>
          </>
        )}
        {secrets.length === 1 && typeof secrets[0] !== 'string' && (
          <Button small onClick={() => set([newSigningSecret(), ...secrets])}>
            Rotate
          </Button>
        )}
        {secrets.length === 0 && values.kind === 'webhook' && (
          <span className={styles.hint}>Requests are not signed.</span>
        )}
      </div>
    </section>
  )
}

function savedText(count: number, index: number): string {
  if (count === 1) return 'Saved signing secret'
  return index === 0 ? 'Saved signing secret, the new one' : 'Saved signing secret, the old one'
}
