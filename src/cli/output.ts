import pc from 'picocolors';
import type { Environment } from '../config.ts';
import type { CliIo, OutputStream } from './io.ts';
import { programName } from './program-name.ts';
import { layOutTable, tabSeparated, type TableColumn } from './table.ts';

export type Paint = ReturnType<typeof pc.createColors>;

/** Where a command's words go: data to stdout, notices to stderr, one document with `--json`. */
export interface Output {
  readonly json: boolean;
  /** How the person called this program: `appsync` or `./dj.sh`. */
  readonly program: string;
  /** Colours of stdout and of stderr; each stream is judged by itself. */
  readonly paint: Paint;
  readonly notePaint: Paint;
  /** A line of data on stdout. */
  print(line?: string): void;
  /** A line for the person on stderr; nothing with `--json`. */
  note(line?: string): void;
  /** The one JSON document of a command that was given `--json`. */
  document(value: unknown): void;
  /** A table on a terminal, tab-separated values without headers otherwise. */
  table<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[]): void;
}

/** Whether a stream takes colours: NO_COLOR says no, FORCE_COLOR yes, otherwise a terminal does. */
export function hasColours(env: Environment, stream: Pick<OutputStream, 'isTTY'>): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  return stream.isTTY && env['TERM'] !== 'dumb';
}

export function createOutput(io: CliIo, json: boolean): Output {
  const { stdout, stderr, env } = io;
  return {
    json,
    program: programName(env),
    paint: pc.createColors(hasColours(env, stdout)),
    notePaint: pc.createColors(hasColours(env, stderr)),
    print: (line = '') => stdout.write(`${line}\n`),
    note: (line = '') => {
      if (!json) stderr.write(`${line}\n`);
    },
    document: (value) => stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    table: (columns, rows) => {
      const lines = stdout.isTTY
        ? layOutTable(columns, rows, stdout.columns)
        : tabSeparated(columns, rows);
      // At once: a write of its own for each of thousands of lines takes longer than laying them out.
      if (lines.length > 0) stdout.write(`${lines.join('\n')}\n`);
    },
  };
}
