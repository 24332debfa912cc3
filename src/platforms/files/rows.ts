import type { FileHandle } from 'node:fs/promises';
import type { JsonObject } from '../values/json-object.ts';

/** Where reading goes on in a file: at a byte with which a line begins. */
export interface Place {
  readonly byte: number;
  /** Number of the line, from 1. */
  readonly line: number;
}

/** A line as it was read: a row, or why it is none. */
export type Row = { readonly bytes: number } & (
  | {
      readonly kind: 'row';
      readonly values: JsonObject;
      readonly missing: readonly string[];
      readonly surplus: readonly string[];
      readonly damaged: readonly string[];
    }
  | { readonly kind: 'broken'; readonly text: string; readonly reason: string }
);

/** A piece of a file that begins with a line. */
export interface Piece {
  readonly bytes: Buffer;
  readonly line: number;
  /** The file ends with it. */
  readonly isEnd: boolean;
  /** No longer piece will come: a line that has no end in it has none that could be waited for. */
  readonly isLongest: boolean;
  /** Rows wanted. */
  readonly most: number;
}

export interface RowsRead {
  readonly rows: readonly Row[];
  /** Bytes of the piece that they came from, and lines. */
  readonly bytes: number;
  readonly lines: number;
}

/** Reads whole rows from the beginning of a piece; a row that may go on behind it is left for the next one. */
export type ParseRows = (piece: Piece) => RowsRead;

const USUAL_PIECE = 1_048_576;
/** The longest row, and how far the end of a quote is looked for. */
const LONGEST_PIECE = 16 * USUAL_PIECE;
/** What is kept of a broken line. */
export const LONGEST_KEPT = 10_000;

/** Rows from a place on, in memory that does not depend on the file; `isEnd`: there are no more. */
export async function readRows(
  file: FileHandle,
  parse: ParseRows,
  from: Place,
  most: number,
): Promise<{ readonly rows: readonly Row[]; readonly next: Place; readonly isEnd: boolean }> {
  for (let size = USUAL_PIECE; ; size = LONGEST_PIECE) {
    const bytes = await readPiece(file, from.byte, size);
    const isEnd = bytes.length < size;
    const isLongest = size === LONGEST_PIECE;
    const read = parse({ bytes, line: from.line, isEnd, isLongest, most });
    const next = { byte: from.byte + read.bytes, line: from.line + read.lines };
    if (isEnd || read.bytes > 0) {
      return { rows: read.rows, next, isEnd: isEnd && read.bytes === bytes.length };
    }
    if (isLongest) return { ...(await skipLine(file, from, bytes)), isEnd: false };
  }
}

async function readPiece(file: FileHandle, from: number, size: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await file.read(buffer, length, size - length, from + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** A line that is longer than anything we hold: only its beginning is kept. */
async function skipLine(file: FileHandle, from: Place, beginning: Buffer) {
  let byte = from.byte;
  for (;;) {
    const bytes = await readPiece(file, byte, USUAL_PIECE);
    const end = bytes.indexOf(NEWLINE);
    byte += end === -1 ? bytes.length : end + 1;
    if (end !== -1 || bytes.length < USUAL_PIECE) break;
  }
  const text = beginning.toString('utf8', 0, LONGEST_KEPT);
  const reason = `line ${from.line} is longer than ${LONGEST_PIECE} bytes`;
  const rows: readonly Row[] = [{ kind: 'broken', bytes: LONGEST_KEPT, text, reason }];
  return { rows, next: { byte, line: from.line + 1 } };
}

export const NEWLINE = 10;
export const CARRIAGE_RETURN = 13;

/** What is kept of a line that is no row. */
export const keptText = (bytes: Buffer): string => bytes.toString('utf8', 0, LONGEST_KEPT);
