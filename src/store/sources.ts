import { SyncFailure } from '../errors.ts';
import type { Column, ColumnPlace, ColumnType } from '../contract/schema.ts';
import type { Queryable } from './database.ts';

/** A source with what syncing it needs: its account, place on the platform, table and state. */
export interface SourceRow {
  readonly id: number;
  readonly alias: string;
  readonly platform: string;
  readonly account: string;
  readonly token_ref: string;
  readonly plan: string | null;
  readonly rate_limit: number | null;
  readonly ref: unknown;
  readonly external_id: string;
  readonly table_schema: string;
  readonly table_name: string;
  /** Attempts in a row that saw less than everything. */
  readonly failures: number;
  readonly every_seconds: number | null;
  readonly cron: string | null;
  readonly watermark: string | null;
  readonly certified: boolean;
  readonly full_scan_records: number | null;
  readonly full_scan_age_seconds: number | null;
  readonly full_every_seconds: number | null;
  readonly schema_fingerprint: string | null;
  /** What the last whole scan was of, on platforms that tell versions of a source. */
  readonly version: string | null;
  /** The format in which the catalog wants records' content; null: it is not wanted. */
  readonly content: string | null;
  /** The format that the table is ready for: what merges queue content by. */
  readonly content_kept: string | null;
}

/**
 * Throws Misconfigured when the source is gone from the catalog. `for no key update` waits for whoever writes for the
 * source, reads what that left, and keeps others waiting until commit.
 */
export async function readSource(
  db: Queryable,
  sourceId: number,
  lock: '' | 'for no key update' = '',
): Promise<SourceRow> {
  const { rows } = await db.query<SourceRow>(
    `select s.id, s.alias, a.platform, a.name as account, a.token_ref, a.plan,
            a.rate_limit::float8 as rate_limit, s.ref, s.external_id, s.table_schema, s.table_name,
            s.failures, s.every_seconds, s.cron, appsync.iso(s.watermark) as watermark, s.certified,
            s.full_scan_records, s.schema_fingerprint, s.version, s.full_every_seconds, s.content, s.content_kept,
            extract(epoch from now() - s.full_scan_at)::float8 as full_scan_age_seconds
       from appsync.source s join appsync.account a on a.id = s.account_id
      where s.id = $1 ${lock && `${lock} of s`}`,
    [sourceId],
  );
  const [source] = rows;
  if (source !== undefined) return source;
  throw new SyncFailure('Misconfigured', `source ${sourceId} is no longer in the catalog`, {
    hint: 'appsync sources list',
  });
}

/** The columns of a source's table that are in use, in the order that `values` and staged cells have. */
export async function readColumns(db: Queryable, sourceId: number): Promise<readonly Column[]> {
  const { rows } = await db.query<{
    field_id: string;
    field_name: string;
    field_type: string;
    column_name: string;
    column_type: ColumnType;
    place: ColumnPlace;
  }>(
    `select field_id, field_name, field_type, column_name, column_type, place
       from appsync.source_column where source_id = $1 and dropped_at is null order by position`,
    [sourceId],
  );
  return rows.map((row) => ({
    id: row.field_id,
    name: row.field_name,
    type: row.field_type,
    column: row.column_name,
    column_type: row.column_type,
    place: row.place,
  }));
}

/**
 * Takes the source's fence for one workflow execution: whoever held it can write no more. The same
 * execution taking it again (a retry, a late attempt) keeps its number, so it never shuts itself out.
 */
export async function takeFence(
  tx: Queryable,
  source: { readonly id: number; readonly alias: string },
  holder: { readonly run_id: string; readonly execution: string },
): Promise<number> {
  const { rows } = await tx.query<{ fence: number }>(
    `update appsync.source
        set fence = case when holder_execution = $2 then fence else fence + 1 end,
            holder_execution = $2, holder_run_id = $3
      where id = $1
      returning fence`,
    [source.id, holder.execution, holder.run_id],
  );
  const [row] = rows;
  if (row !== undefined) return row.fence;
  throw new SyncFailure('Misconfigured', `${source.alias} is no longer in the catalog`, {
    hint: 'appsync sources list',
  });
}

/**
 * First statement of every transaction that writes for a source: holds the fence until commit. Throws
 * FenceLost when another sync took over. One transaction at a time: whoever waited here sees all that a
 * zombie attempt of the same call committed. Returns whether the sync it was raised for is still at it: one that ended
 * let go of the source and left the number as it was.
 */
export async function holdFence(
  tx: Queryable,
  source: { readonly source_id: number; readonly alias: string; readonly fence: number },
): Promise<boolean> {
  const { rows } = await tx.query<{ is_held: boolean }>(
    `select holder_execution is not null as is_held
       from appsync.source where id = $1 and fence = $2 for no key update`,
    [source.source_id, source.fence],
  );
  if (rows[0] !== undefined) return rows[0].is_held;
  const holder = await readHolder(tx, source.source_id);
  throw new SyncFailure('FenceLost', tookOver(source.alias, holder), {
    hint: holder === null ? 'appsync runs list' : `appsync runs show ${holder.run_id}`,
  });
}

/** Who took over, as far as it is known: a sync that is over holds nothing any more. */
const tookOver = (alias: string, holder: SourceHolder | null) =>
  `${holder === null ? 'another sync' : `run ${holder.run_id}`} took over ${alias}`;

/** Holds the fence until commit when this run has it: for callers that were never told its number. */
export async function holdIfHolder(
  tx: Queryable,
  source: { readonly source_id: number; readonly run_id: string },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    'select 1 from appsync.source where id = $1 and holder_run_id = $2 for no key update',
    [source.source_id, source.run_id],
  );
  return rowCount === 1;
}

/** Holds a source until commit when no run is at it. */
export async function holdIfFree(tx: Queryable, sourceId: number): Promise<boolean> {
  const { rowCount } = await tx.query(
    'select 1 from appsync.source where id = $1 and holder_run_id is null for no key update',
    [sourceId],
  );
  return rowCount === 1;
}

/** Which run holds a source, and since when it pauses there. */
export interface SourceHolder {
  readonly run_id: string;
  readonly paused_since: string | null;
}

/** Which run holds a source now, if any. */
export async function readHolder(db: Queryable, sourceId: number): Promise<SourceHolder | null> {
  const { rows } = await db.query<SourceHolder>(
    `select s.holder_run_id as run_id,
            coalesce(r.control ->> 'paused_since', r.control -> 'paused_sources' ->> s.alias)
              as paused_since
       from appsync.source s left join appsync.run r on r.id = s.holder_run_id
      where s.id = $1 and s.holder_run_id is not null`,
    [sourceId],
  );
  return rows[0] ?? null;
}
