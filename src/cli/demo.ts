import type { ExitCode } from '../errors.ts';
import type { CommandContext } from './command.ts';

/** `appsync demo`: a whole sync against simulated platforms, in a stack of its own. */
export async function demo(
  context: CommandContext,
  options: { readonly crash: boolean },
): Promise<ExitCode> {
  const { runDemo } = await import('../dev/demo.ts');
  return runDemo(context, options);
}
