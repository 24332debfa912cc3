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

/** Asks on stderr; an empty line is `standard`, an end of input no. */
export async function confirm(
  { io, output }: CommandContext,
  question: string,
  standard: 'yes' | 'no',
): Promise<boolean> {
  const choices = standard === 'yes' ? '[Y/n]' : '[y/N]';
  io.stderr.write(`${output.notePaint.bold(question)} ${choices} `);
  const lines = createInterface({ input: io.stdin });
  try {
    for await (const line of lines) {
      const answer = line.trim();
      return answer === '' ? standard === 'yes' : /^(y|yes)$/i.test(answer);
    }
    return false;
  } finally {
    lines.close();
  }
}
