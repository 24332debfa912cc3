import pg from 'pg';
import { SyncFailure } from '../../errors.ts';
import type { Queryable } from '../database.ts';
import { quoteTable } from '../identifiers.ts';
import type { SourceRow } from '../sources.ts';
import type { TableState } from './table-state.ts';

const KINDS: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  p: 'a partitioned table',
  i: 'an index',
  S: 'a sequence',
  c: 'a type',
};

const nameOf = (source: SourceRow) => `${source.table_schema}.${source.table_name}`;

/** Throws Misconfigured when what stands under the table's name is no table, or not ours to change. */
export function checkChangeable(source: SourceRow, state: TableState): void {
  if (state.kind !== 'r') {
    throw new SyncFailure(
      'Misconfigured',
      `${nameOf(source)} is ${KINDS[state.kind] ?? 'not a table'}; appsync writes to ordinary tables only`,
      { hint: `rename it, or name another table for ${source.alias} in the catalog` },
    );
  }
  if (!state.owned) {
    throw new SyncFailure('Misconfigured', `${nameOf(source)} belongs to ${state.owner}`, {
      hint: `as ${state.owner}: alter table ${quoteTable(source)} owner to the role of DATABASE_URL`,
    });
  }
}

/** Throws Misconfigured when a view reads columns whose type has to change, which Postgres refuses. */
export async function checkNoViews(
  tx: Queryable,
  source: SourceRow,
  columns: readonly string[],
): Promise<void> {
  const { rows } = await tx.query<{ view: string; kind: string; columns: string[] }>(
    `select c.oid::regclass::text as view, c.relkind as kind, array_agg(distinct a.attname::text) as columns
       from pg_attribute a
       join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = a.attrelid
                       and d.refobjsubid = a.attnum and d.classid = 'pg_rewrite'::regclass
       join pg_rewrite r on r.oid = d.objid
       join pg_class c on c.oid = r.ev_class
      where a.attrelid = to_regclass($1) and a.attname = any($2::text[]) and c.oid <> a.attrelid
      group by c.oid, c.relkind order by 1`,
    [quoteTable(source), columns],
  );
  if (rows.length === 0) return;
  const drops = rows.map(
    ({ view, kind }) => `drop ${kind === 'm' ? 'materialized view' : 'view'} ${view};`,
  );
  const changing = [...new Set(rows.flatMap((row) => row.columns))].join(', ');
  const views = rows.map(({ view }) => view).join(', ');
  throw new SyncFailure(
    'Misconfigured',
    `the type of ${changing} in ${nameOf(source)} has to change, and Postgres refuses while ${views} reads it`,
    { hint: `${drops.join(' ')} then sync, and create it again` },
  );
}

/** Features that are in the way, missing privileges, operators that a constraint has no more, its violation. */
const REFUSALS = /^(0A000|2BP01|42501|42804|42883|42P16|23\d\d\d|428C9)$/;

/**
 * Runs changes of a table. What Postgres refuses becomes Misconfigured with its words, which name what is in the
 * way, and with the constraints on the columns concerned, which it does not always name.
 */
export async function explainRefusal<T>(
  tx: Queryable,
  source: SourceRow,
  columns: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const constraints = await constraintsOn(tx, source, columns);
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || !REFUSALS.test(error.code ?? '')) throw error;
    // The detail of class 23 quotes values.
    const isSafe = error.code?.startsWith('23') === false && error.detail !== undefined;
    const also = constraints.length === 0 ? '' : `; constraints on it: ${constraints.join(', ')}`;
    throw new SyncFailure(
      'Misconfigured',
      `Postgres refuses to change ${nameOf(source)}: ${error.message}${isSafe ? ` (${error.detail})` : ''}${also}`,
      { hint: 'drop what is in the way, sync, and create it again', cause: error },
    );
  }
}

async function constraintsOn(
  tx: Queryable,
  source: SourceRow,
  columns: readonly string[],
): Promise<readonly string[]> {
  if (columns.length === 0) return [];
  const { rows } = await tx.query<{ name: string }>(
    `select distinct c.conname as name from pg_constraint c
       join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any(c.conkey)
      where c.conrelid = to_regclass($1) and a.attname = any($2::text[]) order by 1`,
    [quoteTable(source), columns],
  );
  return rows.map(({ name }) => name);
}
