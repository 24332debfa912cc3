import { stripVTControlCharacters } from 'node:util';

/** One column of a table: how a row's cell reads for people, and as data when it differs. */
export interface TableColumn<Row> {
  readonly header: string;
  /** Numbers stand to the right. */
  readonly align?: 'left' | 'right';
  readonly text: (row: Row) => string;
  /** For TSV: raw numbers, ISO times. */
  readonly data?: (row: Row) => string | number | null;
  /** Given up first, with `…`, when the table is wider than the terminal. */
  readonly shrinks?: boolean;
  /** Colours the padded cell. */
  readonly paint?: (cell: string, row: Row) => string;
}

const GAP = '  ';
const NARROWEST = 8;
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u;

/** Columns that a text takes on a terminal, colours not counted. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) {
    if (/\p{Mark}|\u200d/u.test(character)) continue;
    width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

/** The text, cut with `…` so that it takes at most `width` columns. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (displayWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Names come from other people's workspaces: control characters must not reach the terminal. */
export const plainText = (text: string): string =>
  stripVTControlCharacters(text).replaceAll(/\p{Cc}+/gu, ' ');

/** A table without borders, headers in capitals, no wider than `width` when its shrinking columns allow. */
export function layOutTable<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  width: number,
): readonly string[] {
  const texts = rows.map((row) => columns.map((column) => plainText(column.text(row))));
  const widths = columnWidths(columns, texts, width);
  const line = (cells: readonly string[], row?: Row) =>
    cells
      .map((cell, index) => {
        const padded = pad(cell, widths[index] ?? 0, columns[index]?.align);
        return row === undefined ? padded : (columns[index]?.paint?.(padded, row) ?? padded);
      })
      .join(GAP)
      .trimEnd();
  const header = line(columns.map((column) => column.header));
  return [header, ...rows.map((row, index) => line(texts[index] ?? [], row))];
}

function columnWidths<Row>(
  columns: readonly TableColumn<Row>[],
  texts: readonly (readonly string[])[],
  available: number,
): readonly number[] {
  const widths = columns.map((column, index) =>
    Math.max(
      displayWidth(column.header),
      ...texts.map((cells) => displayWidth(cells[index] ?? '')),
    ),
  );
  let excess =
    widths.reduce((sum, width) => sum + width, 0) + GAP.length * (columns.length - 1) - available;
  const shrinking = columns.flatMap((column, index) => (column.shrinks === true ? [index] : []));
  while (excess > 0) {
    const widest = shrinking.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0];
    if (widest === undefined || (widths[widest] ?? 0) <= NARROWEST) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

function pad(cell: string, width: number, align: 'left' | 'right' = 'left'): string {
  const cut = truncate(cell, width);
  const space = ' '.repeat(Math.max(0, width - displayWidth(cut)));
  return align === 'right' ? space + cut : cut + space;
}

/** The same rows as data: tab-separated, no headers, one row per line. */
export function tabSeparated<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
): readonly string[] {
  return rows.map((row) =>
    columns.map((column) => plainText(String((column.data ?? column.text)(row) ?? ''))).join('\t'),
  );
}
