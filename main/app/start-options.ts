import { parseArgs } from 'node:util'

export interface StartOptions {
  readonly demo: boolean
  /** Folder of the workspace, as given. */
  readonly workspace: string | undefined
  /** The user agreed on the command line to keep the secret key in a file where there is no keychain. */
  readonly allowKeyFile: boolean
}

/** The console's own arguments; those of Chromium and of the development runtime are passed over. */
export function parseStartOptions(argv: readonly string[]): StartOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      demo: { type: 'boolean', default: false },
      workspace: { type: 'string' },
      'allow-key-file': { type: 'boolean', default: false },
    },
    strict: false,
    allowPositionals: true,
  })
  const workspace = typeof values.workspace === 'string' ? values.workspace : undefined
  return { demo: values.demo === true, workspace, allowKeyFile: values['allow-key-file'] === true }
}
