import type { Column, CreateConverter } from '../../contract/schema.ts';
import { obviousCast } from './column-casts.ts';
import type { Retype } from './column-plan.ts';
import type { Queryable } from '../database.ts';
import { quote, quoteTable } from '../identifiers.ts';
import type { SourceRow } from '../sources.ts';

/** Rows per step: some MB of records in memory, and the event loop is free again after some 30 ms. */
const CHUNK = 500;

/** How stored records become values again, and for how long. */
export interface Rebuilding {
  /** The platform's; without it an obvious cast is all. */
  readonly createConverter: CreateConverter | undefined;
  /** Rows that are not reached keep what an obvious cast gave, until the full scan writes them. */
  readonly isTimeUp: () => boolean;
}

/**
 * Gives columns their new types and fills them again from `_raw`, in the caller's transaction. A value that the
 * platform's conversion cannot make stays what an obvious cast made of the old one; where there is none it is NULL
 * with the reason in `_errors`. Hashes are cleared, so that the full scan that follows writes every row again.
 */
export async function rebuildColumns(
  tx: Queryable,
  source: SourceRow,
  retypes: readonly Retype[],
  rebuilding: Rebuilding,
): Promise<void> {
  const table = quoteTable(source);
  // A default of the user's may not fit the new type, and every row is written with a value anyway.
  const alters = retypes.map(({ column, from }) => {
    const name = quote(column.column);
    const cast = obviousCast(name, from, column.column_type);
    return `alter column ${name} drop default, alter column ${name} type ${column.column_type} using ${cast}`;
  });
  await tx.query(`alter table ${table} ${alters.join(', ')}`);
  if (rebuilding.createConverter === undefined) return;
  const columns = retypes.map(({ column }) => column);
  const convert = rebuilding.createConverter(columns);
  const statement = refillStatement(table, columns);
  for await (const rows of storedRecords(tx, table)) {
    if (rebuilding.isTimeUp()) break;
    const converted = rows.map(({ raw }) => convertStored(convert, raw, columns));
    const values = columns.flatMap((_, i) => [
      converted.map((cells) => cells[i]?.text ?? null),
      converted.map((cells) => cells[i]?.why ?? null),
    ]);
    await refill(tx, statement, [rows.map(({ tid }) => tid), ...values]);
  }
}

/** A row that grows too big for its page keeps what it has: the full scan finds room for it (wide-rows.ts). */
async function refill(tx: Queryable, statement: string, values: readonly unknown[]): Promise<void> {
  await tx.query('savepoint refill');
  try {
    await tx.query(statement, values);
  } catch (error) {
    await tx.query('rollback to savepoint refill');
    if (!isRowTooBig(error)) throw error;
  }
  await tx.query('release savepoint refill');
}

/**
 * Postgres could not put a row into a page. 54000 is also the code of an index entry that is too big, which no
 * move of values cures; the routine tells them apart in any language of messages.
 */
export function isRowTooBig(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, routine } = error as { readonly code?: unknown; readonly routine?: unknown };
  return (
    code === '54000' && (routine === 'RelationGetBufferForTuple' || routine === 'raw_heap_insert')
  );
}

interface StoredRecord {
  /** Where the row is. Nobody else writes to the table, so it is there still when it is updated. */
  readonly tid: string;
  readonly raw: string;
}

/** All rows as they are now, in steps. */
async function* storedRecords(tx: Queryable, table: string): AsyncGenerator<StoredRecord[]> {
  await tx.query(
    `declare stored_record no scroll cursor for
     select ctid::text as tid, _raw::text as raw from ${table} where _raw is not null`,
  );
  try {
    for (;;) {
      const { rows } = await tx.query<StoredRecord>(`fetch ${CHUNK} from stored_record`);
      if (rows.length === 0) return;
      yield rows;
    }
  } finally {
    // In a transaction that failed this fails, too, and the cursor is gone already.
    await tx.query('close stored_record').catch(() => {});
  }
}

/** A value, or why there is none. */
interface Refilled {
  readonly text: string | null;
  readonly why: string | null;
}

function convertStored(
  convert: ReturnType<CreateConverter>,
  raw: string,
  columns: readonly Column[],
): readonly Refilled[] {
  try {
    const { values, errors } = convert(JSON.parse(raw));
    return columns.map(({ id }, i) => ({ text: values[i] ?? null, why: errors?.[id] ?? null }));
  } catch {
    return columns.map(() => ({ text: null, why: 'the stored record cannot be read' }));
  }
}

function refillStatement(table: string, columns: readonly Column[]): string {
  const cells = columns.map(({ column, column_type }, i) => {
    const name = quote(column);
    // A doubt (a rollup that may lack entries) comes with a value, a failure without one.
    const value = `case when v.why_${i} is null or v.text_${i} is not null then v.text_${i}::${column_type} else t.${name} end`;
    return `${name} = ${value}`;
  });
  const reasons = columns.map(({ column }, i) => {
    const isSaid = `v.why_${i} is not null and (v.text_${i} is not null or t.${quote(column)} is null)`;
    const name = `'${column.replaceAll("'", "''")}'`;
    return `case when ${isSaid} then jsonb_build_object(${name}, v.why_${i}) else '{}' end`;
  });
  const names = columns.map(({ column }) => `'${column.replaceAll("'", "''")}'`).join(', ');
  const lists = columns.map((_, i) => `$${2 * i + 2}::text[], $${2 * i + 3}::text[]`);
  const aliases = columns.map((_, i) => `text_${i}, why_${i}`);
  return `
    update ${table} t
       set ${cells.join(', ')}, _hash = null,
           _errors = nullif(
             (coalesce(t._errors, '{}') - array[${names}]::text[]) || ${reasons.join(' || ')}, '{}')
      from unnest($1::tid[], ${lists.join(', ')}) as v(tid, ${aliases.join(', ')})
     where t.ctid = v.tid`;
}

/** Fills `_id` again from the stored records. Rows without one are removed: nothing says what they are. */
export async function restoreIds(
  tx: Queryable,
  source: SourceRow,
  createConverter: CreateConverter,
): Promise<void> {
  const table = quoteTable(source);
  const convert = createConverter([]);
  for await (const rows of storedRecords(tx, table)) {
    const ids = rows.map(({ raw }) => storedId(convert, raw));
    await tx.query(
      `update ${table} t set _id = v.id from unnest($1::tid[], $2::text[]) as v(tid, id) where t.ctid = v.tid`,
      [rows.map(({ tid }) => tid), ids],
    );
  }
  await tx.query(`delete from ${table} where _id is null`);
  await tx.query(`delete from ${table} a using ${table} b where a._id = b._id and a.ctid < b.ctid`);
}

function storedId(convert: ReturnType<CreateConverter>, raw: string): string | null {
  try {
    return convert(JSON.parse(raw)).id;
  } catch {
    return null;
  }
}
