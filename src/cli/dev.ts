import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../errors.ts';
import type { CommandContext } from './command.ts';

/** `appsync dev sim`: Notion and Airtable over HTTP on this machine, until Ctrl-C. */
export async function simulate({ io }: CommandContext, args: readonly string[]): Promise<ExitCode> {
  const { runSimulator } = await import('../sim/run-simulator.ts');
  const stop = new AbortController();
  const unsubscribe = io.onInterrupt(() => stop.abort());
  try {
    const code = await runSimulator(args, {
      stdout: (text) => io.stdout.write(text),
      stderr: (text) => io.stderr.write(text),
      stop: stop.signal,
    });
    return code === EXIT.ok || code === EXIT.usage ? code : EXIT.failed;
  } finally {
    unsubscribe();
  }
}

/** `appsync dev docs`: the reference of the command line, for docs/cli.md. */
export async function printDocs({ output }: CommandContext, program: Command): Promise<ExitCode> {
  const { renderReference } = await import('./reference.ts');
  output.print((await renderReference(program)).trimEnd());
  return EXIT.ok;
}
