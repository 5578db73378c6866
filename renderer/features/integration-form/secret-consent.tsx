import type { SecretProtection } from '@shared/domain'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call, sentenceOf } from '../../bridge/client'
import { keys } from '../../query/keys'
import { Button } from '../../ui/button'
import { Callout } from '../../ui/callout'

interface Props {
  readonly protection: SecretProtection | undefined
}

/** Says why secrets cannot be saved on this system, and asks for what is missing. */
export function SecretConsent({ protection }: Props) {
  const client = useQueryClient()
  const consent = useMutation({
    mutationFn: () => call('secrets.consent', {}),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.info }),
  })
  if (protection === 'locked') {
    return (
      <Callout tone="warning" title="Secrets are locked">
        Secrets are encrypted with a key that this machine or user cannot unlock, so a new one cannot be saved. Open the
        console as the user who made this workspace, or unlock the system’s keychain and start the console again.
      </Callout>
    )
  }
  if (protection !== 'none') return null
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
        The console can encrypt secrets with a key that it keeps in a file which only you can read. Whoever can act as
        you on this machine could read it too. This is asked once.
      </p>
      {consent.isError && <p role="alert">{sentenceOf(consent.error)}</p>}
    </Callout>
  )
}
