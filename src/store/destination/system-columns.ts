import { SyncFailure } from '../../errors.ts';
import type { SchemaChange } from '../../contract/schema-change.ts';
import type { Queryable } from '../database.ts';
import { quoteTable } from '../identifiers.ts';
import type { SourceRow } from '../sources.ts';
import type { TableState } from './table-state.ts';

interface SystemColumn {
  readonly type: string;
  readonly definition?: string;
  /** What keeps values when somebody changed the type; without it they become NULL, for the full scan to write. */
  readonly keep?: string;
  /** Made only when it is needed. */
  readonly optional?: true;
}

/** The columns that are ours in every destination table, by name. */
const SYSTEM_COLUMNS: Readonly<Record<string, SystemColumn>> = {
  _id: { type: 'text', definition: 'text primary key', keep: '_id::text' },
  _created_at: { type: 'timestamptz' },
  _edited_at: { type: 'timestamptz' },
  _synced_at: {
    type: 'timestamptz',
    definition: 'timestamptz not null default now()',
    keep: 'now()',
  },
  _deleted_at: { type: 'timestamptz' },
  _hash: { type: 'text' },
  _errors: { type: 'jsonb' },
  // jsonb was parsed already: as json it is sure to be valid.
  _raw: { type: 'json', keep: '_raw::text::json' },
  _run_id: { type: 'text', keep: '_run_id::text' },
  _more: { type: 'jsonb', optional: true },
};

const definitionOf = (name: string) =>
  SYSTEM_COLUMNS[name]?.definition ?? SYSTEM_COLUMNS[name]?.type ?? 'text';

const REQUIRED = Object.keys(SYSTEM_COLUMNS).filter((name) => !SYSTEM_COLUMNS[name]?.optional);

/** Name and type of every system column that a table must have. */
export const REQUIRED_COLUMNS: readonly (readonly [name: string, type: string])[] = REQUIRED.map(
  (name) => [name, SYSTEM_COLUMNS[name]?.type ?? 'text'],
);

/** Makes the table with its system columns. */
export async function createSystemTable(tx: Queryable, source: SourceRow): Promise<void> {
  const columns = REQUIRED.map((name) => `${name} ${definitionOf(name)}`);
  await tx.query(`create table ${quoteTable(source)} (${columns.join(', ')})`);
}

/** What has to be done so that a table's system columns are as they were made. */
export interface SystemRepairs {
  readonly missing: readonly string[];
  /** Columns of another type, with the type that they have. */
  readonly changed: readonly { readonly name: string; readonly from: string }[];
  readonly needs_key: boolean;
}

/** Throws Misconfigured when the table is none of ours: neither ids nor records tell what its rows are. */
export function planSystemRepairs(source: SourceRow, state: TableState): SystemRepairs {
  const missing = REQUIRED.filter((name) => !state.columns.has(name));
  if (missing.includes('_id') && missing.includes('_raw')) {
    const table = `${source.table_schema}.${source.table_name}`;
    throw new SyncFailure('Misconfigured', `${table} is a table that appsync did not make`, {
      hint: `name another table for ${source.alias} in the catalog, or rename that one`,
    });
  }
  const changed = Object.entries(SYSTEM_COLUMNS).flatMap(([name, { type }]) => {
    const from = state.columns.get(name)?.type;
    return from === undefined || from === type ? [] : [{ name, from }];
  });
  return { missing, changed, needs_key: missing.includes('_id') || !state.keyed };
}

export const needsRepair = ({ missing, changed, needs_key }: SystemRepairs) =>
  missing.length > 0 || changed.length > 0 || needs_key;

/** What the repairs are as changes of the table. */
export const describeRepairs = (repairs: SystemRepairs): readonly SchemaChange[] => [
  ...repairs.missing.map((column) => systemChange('column_remade', column)),
  ...repairs.changed.map(({ name, from }) => ({
    ...systemChange('type_repaired', name),
    from,
    to: SYSTEM_COLUMNS[name]?.type ?? null,
  })),
  ...(repairs.needs_key ? [systemChange('key_repaired', '_id')] : []),
];

const systemChange = (kind: SchemaChange['kind'], column: string): SchemaChange => ({
  kind,
  column,
  field_id: null,
  from: null,
  to: null,
});

/** Makes system columns anew and gives changed ones their type again, `_id` without its key as yet. */
export async function repairSystemColumns(
  tx: Queryable,
  source: SourceRow,
  { missing, changed }: SystemRepairs,
): Promise<void> {
  const adds = missing.map(
    (name) => `add column ${name} ${name === '_id' ? 'text' : definitionOf(name)}`,
  );
  const alters = changed.map(({ name }) => {
    const { type = 'text', keep = `null::${type}` } = SYSTEM_COLUMNS[name] ?? {};
    return `alter column ${name} drop default, alter column ${name} type ${type} using ${keep}`;
  });
  const defaults = changed.some(({ name }) => name === '_synced_at')
    ? ['alter column _synced_at set default now()']
    : [];
  const actions = [...adds, ...alters, ...defaults];
  if (actions.length > 0) await tx.query(`alter table ${quoteTable(source)} ${actions.join(', ')}`);
}

/** Makes `_id` unique again. Throws Misconfigured with the SQL to run when rows share an id or have none. */
export async function repairKey(
  tx: Queryable,
  source: SourceRow,
  state: TableState,
): Promise<void> {
  const table = quoteTable(source);
  const { rows } = await tx.query<{ bad: boolean }>(
    `select count(*) > count(distinct _id) as bad from ${table}`,
  );
  if (rows[0]?.bad === true) {
    throw new SyncFailure(
      'Misconfigured',
      `${source.table_schema}.${source.table_name} lost its primary key, and rows share an _id or have none`,
      {
        hint: `delete from ${table} a using ${table} b where a._id is null or (a._id = b._id and a.ctid < b.ctid)`,
      },
    );
  }
  const key = state.has_primary_key ? 'unique' : 'primary key';
  await tx.query(`alter table ${table} add ${key} (_id)`);
}
