import { app } from 'electron'

/** What stands before the arguments of a command line in those of the installed program; its wrappers put it there. */
const MARK = '--cli'

/**
 * The arguments of the command line that this process was started as, or null for one that opens the console. The installed program
 * cannot be run as a plain Node (a fuse forbids it), so the command line runs in its main process.
 */
export function commandArguments(argv: readonly string[]): readonly string[] | null {
  const at = argv.indexOf(MARK)
  return at === -1 ? null : argv.slice(at + 1)
}

/** Runs the command line and ends the process with its exit code. No window is opened, and no display needed. */
export async function runWindowless(args: readonly string[]): Promise<void> {
  app.dock?.hide()
  const { runCommandLine } = await import('../headless')
  const code = await runCommandLine(args, 'event-stream-console')
  // A pipe of Windows is written to in the background, and app.exit waits for nothing.
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>((done) => stream.write('', () => done()))
  app.exit(code)
}
