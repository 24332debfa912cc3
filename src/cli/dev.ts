import type { Command } from 'commander';
import { EXIT, usageError, type ExitCode } from '../errors.ts';
import { loadConfig, type CommandContext } from './command.ts';

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

export interface ChaosFlags {
  readonly minutes: string;
  readonly seed?: string;
  readonly records: string;
}

/** `appsync dev chaos`: an installation of its own that is killed and disturbed while it syncs. */
export async function chaos(context: CommandContext, flags: ChaosFlags): Promise<ExitCode> {
  const { runChaos } = await import('../dev/chaos.ts');
  return runChaos(context, {
    minutes: positive('minutes', flags.minutes),
    seed: Math.trunc(
      flags.seed === undefined ? context.io.now() % 1_000_000 : positive('seed', flags.seed),
    ),
    records: positive('records', flags.records),
  });
}

/** `appsync dev conformance`: a platform, built in or of a plug-in, examined on its stage. */
export async function conformance(context: CommandContext, name: string): Promise<ExitCode> {
  const { knownPlatforms, namedPlatform } = await import('./platforms.ts');
  const { runConformance } = await import('../dev/conformance/run-conformance.ts');
  const platforms = await knownPlatforms(await loadConfig(context));
  return runConformance(context, namedPlatform(platforms, name));
}

function positive(name: string, value: string): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number) && number > 0) return number;
  throw usageError(`--${name} must be a number above 0, not "${value}"`, 'appsync help dev chaos');
}
