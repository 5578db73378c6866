/**
 * Every error that a call can answer with. The list is closed: a new failure gets a code here, a sentence, and a test.
 * `sentence` is the default text; a thrower may give a more precise one.
 */
export const errorSentences = {
  invalid_input: 'The input is not valid.',
  forbidden_sender: 'This window may not make that call.',
  permission_denied: 'You do not have the permission for that.',
  integration_not_found: 'There is no integration with this ID.',
  integration_id_taken: 'Another integration has this ID.',
  integration_limit_reached: 'The maximum number of integrations exists already.',
  integration_not_editable: 'This integration cannot be changed.',
  deletion_final: 'The integration was deleted for good.',
  integration_not_running: 'The integration is paused.',
  nothing_to_resend: 'No event matches, so there is nothing to send again.',
  resend_not_found: 'There is no such re-send.',
  resend_ended: 'This re-send has ended already.',
  alert_not_sent: 'An alert could not be posted.',
  integration_ended: 'This temporary integration has reached its end date.',
  event_not_found: 'There is no event with this ID in the log.',
  attempt_not_found: 'There is no such attempt.',
  event_not_utf8: 'The line is not UTF-8 text.',
  event_not_json: 'The line is not valid JSON.',
  event_not_object: 'The line is JSON, but not an object.',
  event_too_large: 'The event is larger than the limit.',
  event_field_missing: 'A required field is missing.',
  event_field_invalid: 'A field has a wrong form.',
  event_id_invalid: 'The event ID is not a UUID.',
  event_id_conflict: 'An event with this ID but other content is in the log already.',
  file_not_found: 'The file does not exist.',
  file_not_readable: 'The file cannot be read.',
  file_not_regular: 'This is not a file.',
  export_not_found: 'There is no such export.',
  import_not_found: 'There is no such import.',
  workspace_in_use: 'Another process has this workspace open.',
  workspace_not_writable: 'The workspace folder cannot be written to.',
  store_newer: 'The workspace was written by a newer version of the console.',
  store_migration_failed: 'The workspace could not be brought to the format of this version.',
  store_corrupt: 'The store file is damaged.',
  store_full: 'The disk is full. What is stored is safe, nothing new is accepted.',
  store_busy: 'Another program holds the store file.',
  store_failed: 'The store could not be read or written.',
  secret_consent_required: 'This system has no keychain. Allow the key file first.',
  secret_unreadable: 'A stored secret cannot be decrypted on this machine.',
  inbox_port_taken: 'Another program uses the port of the webhook inbox.',
  inbox_not_running: 'The webhook inbox is not running.',
  engine_unavailable: 'The delivery engine is not running.',
  engine_restarted: 'The delivery engine stopped unexpectedly and runs again. Nothing is lost.',
  unknown_call: 'There is no such call.',
  internal: 'Something went wrong inside the console.',
} as const

export type ErrorCode = keyof typeof errorSentences

/** What crosses every boundary (IPC, threads, local socket) in place of a thrown error. */
export interface ErrorInfo {
  readonly code: ErrorCode
  /** One plain sentence for the operator; never holds a secret. */
  readonly message: string
  /** The input field concerned, as a dotted path, e.g. `target.callbackUrl`. */
  readonly field?: string
}

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorInfo }

/** An expected failure with a code of the closed list. Anything else that is thrown is a defect and becomes `internal`. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly field: string | undefined

  constructor(
    code: ErrorCode,
    message: string = errorSentences[code],
    options: { field?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.field = options.field
  }

  toInfo(): ErrorInfo {
    return {
      code: this.code,
      message: this.message,
      ...(this.field === undefined ? {} : { field: this.field }),
    }
  }
}

/** Turns anything thrown into an `ErrorInfo`; only an AppError keeps its text, since other texts may hold secrets. */
export function toErrorInfo(thrown: unknown): ErrorInfo {
  if (thrown instanceof AppError) return thrown.toInfo()
  return { code: 'internal', message: errorSentences.internal }
}

/** The value of a result, or the error thrown as an AppError. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value
  const { code, message, field } = result.error
  throw new AppError(code, message, field === undefined ? {} : { field })
}
