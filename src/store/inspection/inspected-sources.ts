import { inTransaction, type Database, type Queryable } from '../database.ts';
import { REQUIRED_COLUMNS } from '../destination/system-columns.ts';

/** A column whose type in Postgres is not the one it was made with. */
export interface AlteredColumn {
  readonly column: string;
  readonly expected: string;
  readonly actual: string;
}

/** A source with its settings, and its table as it is in Postgres. */
export interface InspectedSource {
  readonly id: number;
  readonly alias: string;
  readonly platform: string;
  readonly account: string;
  readonly token_ref: string;
  readonly ref: Readonly<Record<string, string>>;
  readonly app: string | null;
  readonly component: string | null;
  readonly vault: string | null;
  readonly user: string | null;
  readonly enabled: boolean;
  readonly in_file: boolean;
  readonly every: string | null;
  readonly cron: string | null;
  readonly full_every: string | null;
  readonly content: string | null;
  readonly certified: boolean;
  readonly next_due_at: string | null;
  readonly last_status: string | null;
  readonly last_synced_at: string | null;
  readonly full_scan_at: string | null;
  readonly table: string;
  /** pg_class.relkind, `r` for an ordinary table; null: there is none. */
  readonly relation: string | null;
  /** Columns of properties, and those whose property is gone from the platform. */
  readonly columns: number;
  readonly dropped_columns: number;
  /** Postgres's estimates, deleted rows included in `rows`; null when it has none. */
  readonly rows: number | null;
  readonly deleted_rows: number | null;
  /** With indexes and values that are stored apart. */
  readonly bytes: number | null;
  readonly missing_columns: readonly string[];
  readonly altered_columns: readonly AlteredColumn[];
  readonly quarantined: number;
  /** Deletions that wait for a person. */
  readonly held: number;
  /** Sources of the same thing on the platform. */
  readonly twins: readonly string[];
}

// Rows that were never analysed are known to the statistics of activity, which a crash empties.
const INSPECTED = `
  with relation as (
    select source.id, class.oid, class.relkind,
           case when class.reltuples < 0 and pg_stat_get_live_tuples(class.oid) = 0
                  and pg_relation_size(class.oid) > 0 then null
                else greatest(class.reltuples, pg_stat_get_live_tuples(class.oid))::bigint
           end as rows
      from appsync.source
      join pg_namespace on pg_namespace.nspname = source.table_schema
      join pg_class class on class.relnamespace = pg_namespace.oid and class.relname = source.table_name
  ), expected as (
    select source_id, column_name as name, column_type as type
      from appsync.source_column where dropped_at is null and place = 'column'
    union all
    select relation.id, system.name, system.type
      from relation cross join unnest($1::text[], $2::text[]) as system(name, type)
  ), present as (
    select attrelid, attname as name,
           replace(format_type(atttypid, atttypmod), 'timestamp with time zone', 'timestamptz') as type
      from pg_attribute
     where attrelid in (select oid from relation) and attnum > 0 and not attisdropped
  ), drift as (
    select relation.id,
           coalesce(array_agg(expected.name order by expected.name)
             filter (where present.name is null), '{}') as missing,
           coalesce(jsonb_agg(jsonb_build_object('column', expected.name, 'expected', expected.type,
               'actual', present.type) order by expected.name)
             filter (where present.type <> expected.type), '[]') as altered
      from relation
      join expected on expected.source_id = relation.id
      left join present on present.attrelid = relation.oid and present.name = expected.name
     where relation.relkind in ('r', 'p') and present.type is distinct from expected.type
     group by relation.id
  ), counted as (
    select source_id, count(*) filter (where dropped_at is null) as columns,
           count(*) filter (where dropped_at is not null) as dropped
      from appsync.source_column group by source_id
  ), quarantined as (
    select source_id, count(*) as records
      from appsync.quarantine where dropped_at is null group by source_id
  ), held as (
    select source_id, count(*) as records
      from appsync.unsettled_record where state in ('held', 'unreachable') and not is_accepted
     group by source_id
  ), same as (
    select account.platform, source.ref, array_agg(source.alias order by source.alias) as aliases
      from appsync.source join appsync.account on account.id = source.account_id
     group by account.platform, source.ref
  )
  select source.id, source.alias, account.platform, account.name as account, account.token_ref,
         source.ref, application.slug as app, source.component, vault.name as vault,
         app_user.username as "user", source.enabled, source.in_file, source.every, source.cron,
         source.full_every, source.content, source.certified,
         appsync.iso(source.next_due_at) as next_due_at, source.last_status,
         appsync.iso(source.last_synced_at) as last_synced_at,
         appsync.iso(source.full_scan_at) as full_scan_at,
         source.table_schema || '.' || source.table_name as table, relation.relkind as relation,
         coalesce(counted.columns, 0) as columns, coalesce(counted.dropped, 0) as dropped_columns,
         relation.rows, round(relation.rows * (1 - deleted.null_frac))::bigint as deleted_rows,
         pg_total_relation_size(relation.oid) as bytes,
         coalesce(drift.missing, '{}') as missing_columns,
         coalesce(drift.altered, '[]') as altered_columns,
         coalesce(quarantined.records, 0) as quarantined, coalesce(held.records, 0) as held,
         array_remove(same.aliases, source.alias) as twins
    from appsync.source
    join appsync.account on account.id = source.account_id
    join same on same.platform = account.platform and same.ref = source.ref
    left join appsync.application on application.id = source.application_id
    left join appsync.vault on vault.id = source.vault_id
    left join appsync.app_user on app_user.id = source.user_id
    left join relation on relation.id = source.id
    left join drift on drift.id = source.id
    left join counted on counted.source_id = source.id
    left join quarantined on quarantined.source_id = source.id
    left join held on held.source_id = source.id
    left join pg_stats deleted on deleted.schemaname = source.table_schema
      and deleted.tablename = source.table_name and deleted.attname = '_deleted_at'
      and not deleted.inherited
   order by source.alias collate "C"`;

/** Sources with their tables, and tables that look like a source's and are none's. */
export interface InspectedTables {
  readonly sources: readonly InspectedSource[];
  readonly orphans: readonly OrphanTable[];
}

/** Reads all tables: two statements for any number of sources. */
export function inspectTables(db: Database): Promise<InspectedTables> {
  return inTransaction(db, async (tx) => {
    // Postgres expects a handful of rows of its own catalogs and would compare thousands pair by pair.
    await tx.query('set local enable_nestloop = off; set local jit = off');
    const { rows: sources } = await tx.query<InspectedSource & { id: number }>(INSPECTED, [
      REQUIRED_COLUMNS.map(([name]) => name),
      REQUIRED_COLUMNS.map(([, type]) => type),
    ]);
    return { sources, orphans: await findOrphanTables(tx) };
  });
}

/** A table that looks like a source's and is none's. */
export interface OrphanTable {
  readonly table: string;
  readonly rows: number | null;
  readonly bytes: number;
}

/** Tables with the columns of a destination table that no source of the catalog has. */
async function findOrphanTables(db: Queryable): Promise<readonly OrphanTable[]> {
  const { rows } = await db.query<OrphanTable & { table: string }>(
    `select n.nspname || '.' || c.relname as table, nullif(c.reltuples, -1)::bigint as rows,
            pg_total_relation_size(c.oid) as bytes
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname <> 'appsync' and n.nspname !~ '^pg_'
        and not exists (select from appsync.source s
              where s.table_schema = n.nspname and s.table_name = c.relname)
        and (select count(*) from pg_attribute a
              where a.attrelid = c.oid and a.attname = any($1::text[]) and not a.attisdropped)
            = cardinality($1::text[])
      order by 1`,
    [REQUIRED_COLUMNS.map(([name]) => name)],
  );
  return rows;
}
