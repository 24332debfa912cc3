import { createInterface } from 'node:readline/promises';
import { usageError } from '../errors.ts';
import type { CommandContext } from './command.ts';

/** Throws a usage error that names `--yes` when a command would have to ask and nobody can answer. */
export function refuseUnanswerable({ io }: CommandContext, command: string): void {
  if (io.stdin.isTTY === true) return;
  throw usageError(
    `${command} asks before it writes, and here nobody can answer`,
    `appsync ${command} --yes`,
  );
}

/** Asks on stderr; only a clear yes is a yes, and an empty line where yes is what most people want. */
export async function confirm(
  { io, output }: CommandContext,
  question: string,
  emptyIsYes = true,
): Promise<boolean> {
  io.stderr.write(`${output.notePaint.bold(question)} ${emptyIsYes ? '[Y/n]' : '[y/N]'} `);
  const lines = createInterface({ input: io.stdin });
  try {
    for await (const line of lines) {
      const answer = line.trim();
      return answer === '' ? emptyIsYes : /^(y|yes)$/i.test(answer);
    }
    return false;
  } finally {
    lines.close();
  }
}
