import { formatAmount } from '../units.ts';
import type { Output } from './output.ts';
import type { TableColumn } from './table.ts';

/** As many rows are shown on a terminal, where more would push what matters out of sight; a pipe gets all. */
export const MOST_ROWS = 40;

/** A table whose rest a terminal is told about: what its rows are, and the command that gives all of them. */
export function printLongTable<Row>(
  output: Output,
  isTerminal: boolean,
  table: {
    readonly columns: readonly TableColumn<Row>[];
    readonly rows: readonly Row[];
    readonly noun: string;
    readonly command: string;
  },
): void {
  const { columns, rows, noun, command } = table;
  const shown = isTerminal ? rows.slice(0, MOST_ROWS) : rows;
  if (shown.length > 0) output.table(columns, shown);
  const rest = rows.length - shown.length;
  if (rest > 0) {
    const more = `… and ${formatAmount(rest, `more ${noun}`)}: ${output.program} ${command} | less`;
    output.note(output.notePaint.dim(more));
  }
}

/** The first lines of many, and how many more there are; `noun` for what a line is about. */
export function firstLines(
  lines: readonly string[],
  most: number,
  noun: string,
): readonly string[] {
  const rest = lines.length - most;
  return rest > 0 ? [...lines.slice(0, most), `and ${formatAmount(rest, `more ${noun}`)}`] : lines;
}
