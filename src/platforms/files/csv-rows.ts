import { isUtf8 } from 'node:buffer';
import { CsvError, parse } from 'csv-parse/sync';
import {
  CARRIAGE_RETURN,
  keptText,
  NEWLINE,
  type ParseRows,
  type Piece,
  type Row,
} from './rows.ts';

/** How a CSV or TSV file is written. */
export interface CsvDialect {
  readonly delimiter: string;
  readonly quote: '"' | null;
}

const REPLACED = '\uFFFD';
const QUOTE_HINT = 'where quotes are characters like any other, say so by ref.quote: none';

/** Rows of a file with these columns. */
export const csvRows =
  (dialect: CsvDialect, columns: readonly string[]): ParseRows =>
  (piece) =>
    parsePiece(dialect, piece, (cells, bytes, isWhole) => rowOf(columns, cells, bytes, isWhole));

/** The names in the first line, each once: a second `name` is `name_2`, one without a name `column_3`. */
export function csvHeader(dialect: CsvDialect, piece: Piece) {
  let names: readonly string[] | null = null;
  const read = parsePiece(dialect, { ...piece, most: 1 }, (cells, bytes, isWhole) => {
    names = uniqueNames(cells);
    return rowOf([], cells, bytes, isWhole);
  });
  return { ...read, names: names as readonly string[] | null };
}

function uniqueNames(cells: readonly string[]): readonly string[] {
  const used = new Set<string>();
  return cells.map((cell, i) => {
    const name = cell.replaceAll('\0', REPLACED).trim();
    const base = name === '' || name === '__proto__' ? `column_${i + 1}` : name;
    let unique = base;
    for (let n = 2; used.has(unique); n += 1) unique = `${base}_${n}`;
    used.add(unique);
    return unique;
  });
}

function rowOf(
  columns: readonly string[],
  cells: readonly string[],
  bytes: number,
  isWhole: boolean,
): Row {
  const values: Record<string, string> = {};
  const damaged: string[] = [];
  for (let i = 0; i < columns.length && i < cells.length; i += 1) {
    const cell = cells[i] as string;
    if (cell === '') continue;
    values[columns[i] as string] = cell;
    if (!isWhole && cell.includes(REPLACED)) damaged.push(columns[i] as string);
  }
  const surplus = cells.slice(columns.length);
  return {
    kind: 'row',
    bytes,
    values,
    missing: columns.slice(cells.length),
    // A delimiter at the end of a line is a habit of some programs.
    surplus: surplus.every((cell) => cell === '') ? [] : surplus,
    damaged,
  };
}

type TakeRow = (cells: readonly string[], bytes: number, isWhole: boolean) => Row;

/**
 * The parser goes over the piece at once and tells where each row ends. It stops at a broken quote; then the lines
 * from the last row to there are one broken row, and it begins anew behind them.
 */
function parsePiece(dialect: CsvDialect, piece: Piece, take: TakeRow) {
  const { bytes, isEnd, most } = piece;
  const isWhole = isUtf8(bytes);
  const rows: Row[] = [];
  let at = 0;
  let lines = 0;
  while (at < bytes.length && rows.length < most) {
    const rest = bytes.subarray(at);
    const { parsed, error } = parseRest(dialect, rest, most - rows.length);
    // What reaches the end of a piece may go on in the next one.
    const last = parsed.at(-1);
    if (!isEnd && error === null && last?.end === rest.length) parsed.pop();
    let end = 0;
    for (const row of parsed) {
      const valid = isWhole || isUtf8(rest.subarray(end, row.end));
      rows.push(take(row.cells, row.end - end, valid));
      end = row.end;
    }
    const until = parsed.at(-1)?.lines ?? 0;
    at += end;
    lines += until;
    if (error === null) {
      // Nothing but empty lines may be left.
      const isOver = isEnd && rows.length < most;
      return { rows, bytes: isOver ? bytes.length : at, lines };
    }
    const broken = brokenRow(
      error,
      { ...piece, bytes: rest.subarray(end), line: piece.line + lines },
      until,
    );
    if (broken === null) break;
    rows.push(broken.row);
    at += broken.row.bytes;
    lines += broken.lines;
  }
  return { rows, bytes: at, lines };
}

interface ParsedLine {
  readonly cells: readonly string[];
  /** Bytes and lines from the beginning of what was parsed to the end of the row. */
  readonly end: number;
  readonly lines: number;
}

function parseRest({ delimiter, quote }: CsvDialect, bytes: Buffer, to: number) {
  const parsed: ParsedLine[] = [];
  try {
    parse(bytes, {
      delimiter,
      quote,
      escape: quote,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      skip_empty_lines: true,
      to,
      on_record: (cells: string[], info) => {
        parsed.push({ cells, end: info.bytes, lines: info.lines });
        return null;
      },
    });
    return { parsed, error: null };
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw thrown;
    return { parsed, error: thrown };
  }
}

/** The lines with which parsing stopped, as a row that is none; null when they go on behind the piece. */
function brokenRow(error: CsvError, { bytes, line, isEnd, isLongest }: Piece, linesBefore: number) {
  const isOpen = error.code === 'CSV_QUOTE_NOT_CLOSED';
  if (isOpen && !isEnd && !isLongest) return null;
  const first = firstLine(bytes);
  const seen = Number(error['lines'] ?? 0) - linesBefore;
  // A quote that nothing closes may have been opened anywhere: one line is given up, not all that follow.
  const lines = isOpen ? first.lines + 1 : Math.max(seen, first.lines + 1);
  const length = lengthOfLines(bytes, lines);
  // Of a line without an end only its reader can get rid.
  if (length === null && !isEnd) return null;
  const taken = bytes.subarray(0, length ?? bytes.length);
  const at = line + first.lines;
  const reason = isOpen
    ? `line ${at} opens a quote that is not closed`
    : `line ${at} has a quote where none may stand (${QUOTE_HINT})`;
  const text = keptText(taken.subarray(first.bytes));
  const row: Row = { kind: 'broken', bytes: taken.length, text, reason };
  return { row, lines };
}

/** Empty lines before the first that is not. */
function firstLine(bytes: Buffer) {
  let lines = 0;
  let at = 0;
  for (; bytes[at] === NEWLINE || bytes[at] === CARRIAGE_RETURN; at += 1) {
    if (bytes[at] === NEWLINE || bytes[at + 1] !== NEWLINE) lines += 1;
  }
  return { lines, bytes: at };
}

function lengthOfLines(bytes: Buffer, lines: number): number | null {
  let left = lines;
  for (let at = 0; at < bytes.length; at += 1) {
    const isLineEnd =
      bytes[at] === NEWLINE || (bytes[at] === CARRIAGE_RETURN && bytes[at + 1] !== NEWLINE);
    if (isLineEnd && (left -= 1) === 0) return at + 1;
  }
  return null;
}
