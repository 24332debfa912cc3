import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import type { Column, ConvertedRecord } from '../contract/schema.ts';
import { lendClient, type Database, type Transaction } from './database.ts';

/** Bytes collected before they go to the socket: 64 KiB keeps the event loop free and packets full. */
const CHUNK = 65_536;

/** Which attempt of which scan the rows belong to: a merge takes exactly one attempt's rows. */
export interface StagingKey {
  readonly scan_id: string;
  readonly attempt: string;
}

/**
 * Copies records into staging. Nothing in the destination changes. `columns` are those that the records
 * were converted for; their ids in `errors` become column names. Ends the copy when `signal` aborts.
 */
export async function stageRecords(
  db: Database,
  key: StagingKey,
  columns: readonly Column[],
  records: readonly ConvertedRecord[],
  signal: AbortSignal,
): Promise<void> {
  if (records.length === 0) return;
  const { client, release } = await lendClient(db);
  let failure: Error | undefined;
  try {
    await copyRecords(client, key, columns, records, signal);
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    release(failure);
  }
}

/**
 * The same on a connection of the caller's: inside a transaction nobody else sees the rows, and nobody clears
 * them away, until it ends.
 */
export async function copyRecords(
  client: Transaction,
  key: StagingKey,
  columns: readonly Column[],
  records: readonly ConvertedRecord[],
  signal: AbortSignal,
): Promise<void> {
  const names = new Map(columns.map((column) => [column.id, column.column]));
  const copy = client.query(
    copyFrom(
      `copy appsync.staging (scan_id, attempt, ordinal, id, created_at, edited_at, hash, errors,
                             truncated, cells, raw) from stdin`,
    ),
  );
  await pipeline(Readable.from(copyLines(key, names, records)), copy, { signal });
}

function* copyLines(
  key: StagingKey,
  names: ReadonlyMap<string, string>,
  records: readonly ConvertedRecord[],
): Generator<string> {
  let chunk = '';
  const prefix = `${copyText(key.scan_id)}\t${copyText(key.attempt)}\t`;
  for (const [ordinal, record] of records.entries()) {
    chunk += `${prefix}${ordinal}\t${copyLine(record, names)}\n`;
    if (chunk.length >= CHUNK) {
      yield chunk;
      chunk = '';
    }
  }
  if (chunk !== '') yield chunk;
}

function copyLine(record: ConvertedRecord, names: ReadonlyMap<string, string>): string {
  const { errors } = record;
  const named =
    errors === null
      ? null
      : JSON.stringify(
          Object.fromEntries(Object.entries(errors).map(([id, why]) => [names.get(id) ?? id, why])),
        );
  return [
    copyText(record.id),
    nullable(record.created_at),
    nullable(record.edited_at),
    copyText(record.hash),
    nullable(named),
    copyArray(record.truncated),
    copyArray(record.values),
    copyText(record.raw),
  ].join('\t');
}

const nullable = (text: string | null) => (text === null ? '\\N' : copyText(text));

const COPY_SPECIAL = /[\\\n\r\t]/;

/** Text for COPY. Most cells hold nothing to escape, so the test comes first. */
function copyText(text: string): string {
  if (!COPY_SPECIAL.test(text)) return text;
  return text.replace(/[\\\n\r\t]/g, (c) =>
    c === '\\' ? '\\\\' : c === '\n' ? '\\n' : c === '\r' ? '\\r' : '\\t',
  );
}

const ARRAY_SPECIAL = /["\\\n\r\t]/;

/** A text[] literal, escaped for COPY in the same pass: a backslash becomes four, a quote `\\"`. */
function copyArray(values: readonly (string | null)[]): string {
  let literal = '{';
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as string | null;
    if (i > 0) literal += ',';
    if (value === null) literal += 'NULL';
    else if (!ARRAY_SPECIAL.test(value)) literal += `"${value}"`;
    else literal += `"${value.replace(/["\\\n\r\t]/g, escapeInArray)}"`;
  }
  return `${literal}}`;
}

function escapeInArray(character: string): string {
  switch (character) {
    case '"':
      return '\\\\"';
    case '\\':
      return '\\\\\\\\';
    case '\n':
      return '\\n';
    case '\r':
      return '\\r';
    default:
      return '\\t';
  }
}
