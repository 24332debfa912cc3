import type { Config } from '../config.ts';
import type { ExitCode } from '../errors.ts';
import type { CliIo } from './io.ts';
import type { Output } from './output.ts';

/** What every command gets: the process around it and where its words go. */
export interface CommandContext {
  readonly io: CliIo;
  readonly output: Output;
}

/** The work of one command, after its arguments were parsed. */
export type CommandWork = (context: CommandContext) => Promise<ExitCode>;

/** The configuration, read when a command needs it: reading it takes longer than printing help. */
export async function loadConfig({ io }: CommandContext): Promise<Config> {
  const { readConfig } = await import('../config.ts');
  return readConfig(await io.loadEnvironment(), io.cwd);
}

/** Names of the registered platforms, in the registry's order. */
export async function platformNames(): Promise<readonly string[]> {
  const { builtInPlatforms } = await import('../platforms/registry.ts');
  return [...builtInPlatforms().keys()];
}
