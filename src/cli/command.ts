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

/** Names of all platforms, those of the catalog file's plug-ins included: none of them is loaded for that. */
export async function platformNames(io: CliIo): Promise<readonly string[]> {
  const { readConfigLeniently } = await import('../config.ts');
  const { readPlugins } = await import('../catalog/plugins.ts');
  const { builtInPlatforms } = await import('../platforms/registry.ts');
  const { config } = readConfigLeniently(await io.loadEnvironment(), io.cwd);
  const plugins = await readPlugins(config.catalogPath);
  return [...new Set([...builtInPlatforms().keys(), ...plugins.map(({ platform }) => platform)])];
}
