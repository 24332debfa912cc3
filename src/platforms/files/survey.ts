import { open, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { SourceField } from '../../contract/schema.ts';
import { cellKind, KIND, typeOf, valueKind } from './column-kinds.ts';
import { FILE_COLUMN } from './convert.ts';
import { csvHeader, csvRows } from './csv-rows.ts';
import type { PlainFile } from './decode.ts';
import { fileFailure, unusable } from './failures.ts';
import { jsonRows } from './json-rows.ts';
import { DigestFile } from './occurrences.ts';
import { identify } from './row-identity.ts';
import { readRows, type ParseRows, type Place, type Row } from './rows.ts';
import type { FileRef } from './source-ref.ts';

/** A plain file with where its rows begin, and the columns of a CSV file. */
export interface SurveyedFile {
  readonly path: string;
  /** What `_file` holds; absent: the source is one file. */
  readonly name?: string;
  /** Null where every row names its own. */
  readonly columns: readonly string[] | null;
  readonly begin: Place;
}

/** What one reading of all rows tells of a source. */
export interface Survey {
  readonly files: readonly SurveyedFile[];
  readonly fields: readonly SourceField[];
  /** Rows, those that are broken included. */
  readonly rows: number;
  /** Rows without an identity. */
  readonly nameless: number;
  /** Rows that are like one before them. */
  readonly repeated: number;
}

/** A file to be surveyed; `what` names it for people. */
export interface FileToSurvey extends PlainFile {
  readonly what: string;
  readonly name?: string;
}

/** Where the numbers of rows that are alike stand, in the folder of a prepared source. */
export const OCCURRENCES = 'occurrences';

const ROWS_AT_ONCE = 5_000;

export const isJsonFormat = ({ format }: Pick<FileRef, 'format'>): boolean =>
  format === 'json' || format === 'jsonl';

/** How rows of a surveyed file are read. */
export const parserOf = (ref: FileRef, { columns }: Pick<SurveyedFile, 'columns'>): ParseRows =>
  columns === null ? jsonRows : csvRows(ref, columns);

/** Reads all rows once: what columns there are, of which types, and which rows are alike. */
export async function survey(
  ref: FileRef,
  given: readonly FileToSurvey[],
  folder: string,
): Promise<Survey> {
  const digests = await DigestFile.create(join(folder, 'digests'));
  try {
    const kinds = new Map<string, number>();
    const files: SurveyedFile[] = [];
    let rows = 0;
    let nameless = 0;
    for (const one of given) {
      const file = await readBeginning(ref, one, given.length > 1);
      if (file === null) continue;
      files.push(file);
      for (const column of file.columns ?? []) kinds.set(column, kinds.get(column) ?? 0);
      for await (const row of allRows(ref, file)) {
        if (row.kind === 'row') noteKinds(kinds, row, isJsonFormat(ref));
        const { digest } = identify(row, ref.key, file.name);
        if (digest === 0n) nameless += 1;
        await digests.add(digest);
        rows += 1;
      }
    }
    if (kinds.size === 0) throw unusable(given[0]?.what ?? 'the source', EMPTY[ref.format]);
    const repeated = await digests.count(join(folder, OCCURRENCES));
    const fields = fieldsOf(ref, kinds, files);
    return { files, fields, rows, nameless, repeated };
  } finally {
    await digests.remove();
  }
}

const NO_RECORD = 'holds no record from which its columns could be told';
const NO_HEADER = 'is empty: it lacks the line with the names of its columns';
const EMPTY = { csv: NO_HEADER, tsv: NO_HEADER, json: NO_RECORD, jsonl: NO_RECORD } as const;

/** Null for a file without a first line, which is left out where there are others. */
async function readBeginning(
  ref: FileRef,
  { path, start, what, name }: FileToSurvey,
  isOneOfMany: boolean,
): Promise<SurveyedFile | null> {
  const place = { path, ...(name === undefined ? {} : { name }) };
  const begin = { byte: start, line: 1 };
  if (isJsonFormat(ref)) return { ...place, columns: null, begin };
  let columns: readonly string[] | null = null;
  const header: ParseRows = (piece) => {
    const read = csvHeader(ref, piece);
    columns = read.names;
    return read;
  };
  const { rows, next } = await withFile(path, (file) => readRows(file, header, begin, 1));
  const [first] = rows;
  if (first?.kind === 'broken') throw unusable(what, `has no header: ${first.reason}`);
  if (columns === null) {
    if (isOneOfMany) return null;
    throw unusable(what, NO_HEADER);
  }
  checkKey(ref, columns, what);
  return { ...place, columns, begin: next };
}

function checkKey(ref: FileRef, columns: readonly string[], what: string): void {
  const lacks = ref.key.find((name) => name !== FILE_COLUMN && !columns.includes(name));
  if (lacks === undefined) return;
  throw unusable(what, `has no column ${lacks}, which is its key`, columnsHint(columns));
}

const columnsHint = (columns: readonly string[]) =>
  `its columns: ${columns.slice(0, 20).join(', ')}${columns.length > 20 ? ', …' : ''}`;

async function* allRows(ref: FileRef, file: SurveyedFile): AsyncGenerator<Row> {
  const parse = parserOf(ref, file);
  const handle = await openFile(file.path);
  try {
    let at = file.begin;
    for (let isEnd = false; !isEnd;) {
      const read = await readRows(handle, parse, at, ROWS_AT_ONCE);
      yield* read.rows;
      ({ next: at, isEnd } = read);
    }
  } finally {
    await handle.close();
  }
}

function noteKinds(
  kinds: Map<string, number>,
  { values }: Extract<Row, { kind: 'row' }>,
  isJson: boolean,
): void {
  for (const name of Object.keys(values)) {
    const value = values[name];
    const known = kinds.get(name) ?? 0;
    if (value === null) {
      if (!kinds.has(name)) kinds.set(name, 0);
      // Nothing changes a column of a CSV file that holds a text.
    } else if (isJson) kinds.set(name, known | valueKind(value));
    else if ((known & KIND.text) === 0) kinds.set(name, known | cellKind(value as string));
  }
}

function fieldsOf(
  ref: FileRef,
  kinds: ReadonlyMap<string, number>,
  files: readonly SurveyedFile[],
): readonly SourceField[] {
  const names = [...kinds.keys()];
  for (const name of [...Object.keys(ref.types), ...ref.key]) {
    if (kinds.has(name) || name === FILE_COLUMN) continue;
    const key = ref.key.includes(name) ? 'ref.key' : 'ref.types';
    throw unusable(`${key} names ${name},`, 'which is no column', columnsHint(names));
  }
  const field = (name: string, type: SourceField['column_type']): SourceField => {
    return { id: name, name, type, column_type: type };
  };
  const fields = names.map((name) =>
    field(name, ref.types[name] ?? typeOf(kinds.get(name) ?? 0, isJsonFormat(ref))),
  );
  const isMany = files.some(({ name }) => name !== undefined);
  return isMany && !kinds.has(FILE_COLUMN) ? [...fields, field(FILE_COLUMN, 'text')] : fields;
}

/** Opens a file for reading, and closes it. */
export async function withFile<T>(
  path: string,
  work: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await openFile(path);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (thrown) {
    throw fileFailure(thrown, path);
  }
}

/** The name by which a row says which file of a pattern it is from. */
export const fileName = (path: string): string => basename(path);
