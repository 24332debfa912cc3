import type { CommandContext } from '../command.ts';
import { displayWidth, plainText } from '../table.ts';

/** A command to copy, and what it is for. */
export interface CommandLine {
  readonly command: string;
  readonly purpose: string;
}

const INDENT = '  ';
/** Purposes stand in a column unless commands are longer than this. */
const WIDEST = 44;

/**
 * Prints commands with their purposes beside them, below where there is no room. A command is never cut: it would be
 * another one.
 */
export function printCommands({ io, output }: CommandContext, lines: readonly CommandLine[]): void {
  const { dim, cyan } = output.paint;
  const widths = lines.map(({ command }) => displayWidth(command));
  const column = Math.max(0, ...widths.filter((width) => width <= WIDEST));
  for (const [index, { command, purpose }] of lines.entries()) {
    const width = widths[index] ?? 0;
    const text = plainText(purpose);
    const room = io.stdout.columns - INDENT.length * 2 - width - displayWidth(text);
    const shown = `${INDENT}${cyan(command)}`;
    if (text === '') output.print(shown);
    else if (room < 0) output.print(`${shown}\n${INDENT.repeat(3)}${dim(text)}`);
    else {
      const gap = Math.min(room, Math.max(column, width) - width);
      output.print(`${shown}${' '.repeat(gap)}${INDENT}${dim(text)}`);
    }
  }
}
