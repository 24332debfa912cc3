import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import type { Column, ConvertedRecord, RejectedRecord } from '../contract/schema.ts';
import { copyChunks, copyText, type CopyLine } from './copy-chunks.ts';
import { lendClient, type Database, type Queryable, type Transaction } from './database.ts';

/** Which attempt of which scan the rows belong to: a merge takes exactly one attempt's rows. */
export interface StagingKey {
  readonly scan_id: string;
  readonly attempt: string;
}

/**
 * Copies records into staging. Nothing in the destination changes. `columns` are those that the records
 * were converted for; their ids in `errors` become column names. Of `unchanged` records, which the table has as
 * they are, neither cells nor text are copied. Ends the copy when `signal` aborts.
 */
export async function stageRecords(
  db: Database,
  key: StagingKey,
  columns: readonly Column[],
  records: readonly ConvertedRecord[],
  signal: AbortSignal,
  unchanged: ReadonlySet<string> = new Set(),
): Promise<void> {
  if (records.length === 0) return;
  const { client, release } = await lendClient(db);
  let failure: Error | undefined;
  try {
    await copyRecords(client, key, columns, records, signal, unchanged);
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    release(failure);
  }
}

/** The copy itself, on a connection that the caller has; inside the caller's transaction when it is in one. */
export async function copyRecords(
  client: Transaction,
  key: StagingKey,
  columns: readonly Column[],
  records: readonly ConvertedRecord[],
  signal?: AbortSignal,
  unchanged: ReadonlySet<string> = new Set(),
): Promise<void> {
  const names = new Map(columns.map((column) => [column.id, column.column]));
  const copy = client.query(
    copyFrom(
      `copy appsync.staging (scan_id, attempt, ordinal, id, created_at, edited_at, hash, errors,
                             truncated, cells, raw) from stdin`,
    ),
  );
  await pipeline(
    Readable.from(copyChunks(copyLines(key, names, records, unchanged))),
    copy,
    signal === undefined ? {} : { signal },
  );
}

/** Puts records that could not be converted beside their batch's; they come after these. */
export async function stageRejected(
  db: Queryable,
  key: StagingKey,
  rejected: readonly RejectedRecord[],
  firstOrdinal: number,
): Promise<void> {
  if (rejected.length === 0) return;
  await db.query(
    `insert into appsync.staging (scan_id, attempt, ordinal, id, hash, rejected_raw, rejected, truncated, cells)
     select $1, $2, $3::integer + r.place, r.id, r.hash, r.raw, r.reason, '{}', '{}'
       from unnest($4::text[], $5::text[], $6::text[], $7::text[])
            with ordinality as r(id, hash, raw, reason, place)`,
    [
      key.scan_id,
      key.attempt,
      firstOrdinal,
      rejected.map(({ id }) => id),
      rejected.map(({ hash }) => hash),
      rejected.map(({ raw }) => raw),
      rejected.map(({ reason }) => reason),
    ],
  );
}

function* copyLines(
  key: StagingKey,
  names: ReadonlyMap<string, string>,
  records: readonly ConvertedRecord[],
  unchanged: ReadonlySet<string>,
): Generator<CopyLine> {
  const prefix = `${copyText(key.scan_id)}\t${copyText(key.attempt)}\t`;
  for (const [ordinal, record] of records.entries()) {
    const isUnchanged = unchanged.has(record.id);
    const fields = isUnchanged ? unchangedFields(record) : changedFields(record, names);
    // An unchanged record has no text, which tells it from the others.
    yield { fields: `${prefix}${ordinal}\t${fields}`, last: isUnchanged ? null : record.raw };
  }
}

function changedFields(record: ConvertedRecord, names: ReadonlyMap<string, string>): string {
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
    '',
  ].join('\t');
}

/** What the merge looks at of a record that the table has. */
const unchangedFields = ({ id, created_at, edited_at, hash, truncated }: ConvertedRecord) =>
  [
    copyText(id),
    nullable(created_at),
    nullable(edited_at),
    copyText(hash),
    '\\N',
    copyArray(truncated),
    '{}',
    '',
  ].join('\t');

const nullable = (text: string | null) => (text === null ? '\\N' : copyText(text));

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
