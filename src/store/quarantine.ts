import type { BatchKey } from '../contract/activities.ts';
import type { Queryable } from './database.ts';
import type { RefusedRecord } from './merge-apart.ts';

/** Which staged rows, and on whose behalf they are put into quarantine. */
export interface QuarantineKey {
  readonly source_id: number;
  readonly scan_id: string;
  readonly run_id: string;
  readonly batches: readonly BatchKey[];
  /** Version of the program. */
  readonly software: string;
}

export interface QuarantineCounts {
  /** Records put there, those that a person dropped as they are now not counted. */
  readonly quarantined: number;
  /** All of them that have an id, dropped or not: they were read. */
  readonly identified: number;
}

/**
 * Puts staged records into quarantine, in the merge's transaction: those that were rejected when they were
 * converted, and those that Postgres refused. A record that is there already keeps the time it came; one
 * that was dropped stays dropped while its content is the same.
 */
export async function quarantineStaged(
  tx: Queryable,
  key: QuarantineKey,
  refused: readonly RefusedRecord[],
): Promise<QuarantineCounts> {
  const { rows } = await tx.query<QuarantineCounts>(QUARANTINE, [
    key.scan_id,
    key.batches.map((batch) => batch.attempt),
    key.source_id,
    key.software,
    key.run_id,
    refused.map(({ record_id }) => record_id),
    refused.map(({ reason }) => reason),
    refused.map(({ sqlstate }) => sqlstate),
  ]);
  return rows[0] ?? { quarantined: 0, identified: 0 };
}

// Of several readings of one record the last counts, so a rejected one that was read well later is left out.
const QUARANTINE = `
  with bad as (
    select s.*, r.reason, r.sqlstate, array_position($2::text[], s.attempt) as place
      from appsync.staging s
      left join unnest($6::text[], $7::text[], $8::text[]) as r(id, reason, sqlstate)
             on r.id = s.id and s.rejected is null
     where s.scan_id = $1 and s.attempt = any($2::text[]) and (s.rejected is not null or r.id is not null)
  ), put as (
    insert into appsync.quarantine as q
      (source_id, record_id, hash, raw, stage, reason, sqlstate, software, run_id)
    select distinct on (coalesce(id, hash)) $3::bigint, id, hash, coalesce(rejected_raw, raw::text),
           case when rejected is null then 'write' else 'convert' end,
           coalesce(rejected, reason), sqlstate, $4::text, $5::text
      from bad
     where rejected is null or not exists (
             select from appsync.staging later
              where later.scan_id = $1 and later.attempt = any($2::text[]) and later.id = bad.id
                and later.rejected is null
                and (array_position($2::text[], later.attempt), later.ordinal) > (bad.place, bad.ordinal))
     order by coalesce(id, hash), place desc, ordinal desc
    on conflict (source_id, entry) do update
       set hash = excluded.hash, raw = excluded.raw, stage = excluded.stage, reason = excluded.reason,
           sqlstate = excluded.sqlstate, software = excluded.software, run_id = excluded.run_id,
           last_seen_at = now(), attempts = q.attempts + 1,
           first_seen_at = case when q.dropped_at is not null and q.hash <> excluded.hash
                                then now() else q.first_seen_at end,
           dropped_at = case when q.hash = excluded.hash then q.dropped_at end
    returning record_id, dropped_at
  )
  select count(*) filter (where dropped_at is null) as quarantined,
         count(*) filter (where record_id is not null) as identified
    from put`;

/** How many records of a source wait in quarantine; those that a person dropped do not. */
export async function countQuarantined(db: Queryable, sourceId: number): Promise<number> {
  const { rows } = await db.query<{ standing: number }>(
    `select count(*) as standing from appsync.quarantine where source_id = $1 and dropped_at is null`,
    [sourceId],
  );
  return rows[0]?.standing ?? 0;
}

/**
 * Takes out what the source's full scan, which saw everything, did not meet: those records are gone from
 * the platform. Both times are this server's.
 */
export async function releaseUnmet(tx: Queryable, sourceId: number): Promise<void> {
  await tx.query(
    `delete from appsync.quarantine q using appsync.scan s
      where q.source_id = $1 and s.source_id = $1 and q.last_seen_at < s.created_at`,
    [sourceId],
  );
}

/** A record in quarantine, as `appsync quarantine list --json` prints it. */
export interface QuarantineEntry {
  readonly alias: string;
  readonly platform: string;
  readonly record_id: string | null;
  readonly hash: string;
  readonly stage: 'convert' | 'write';
  readonly reason: string;
  readonly sqlstate: string | null;
  readonly software: string;
  readonly run_id: string;
  readonly first_seen_at: string;
  readonly last_seen_at: string;
  readonly attempts: number;
}

/** What waits in the quarantine of these sources, the oldest first. */
export async function listQuarantine(
  db: Queryable,
  sourceIds: readonly number[],
): Promise<readonly QuarantineEntry[]> {
  const { rows } = await db.query<QuarantineEntry>(
    `select s.alias, a.platform, q.record_id, q.hash, q.stage, q.reason, q.sqlstate, q.software, q.run_id,
            appsync.iso(q.first_seen_at) as first_seen_at, appsync.iso(q.last_seen_at) as last_seen_at,
            q.attempts
       from appsync.quarantine q
       join appsync.source s on s.id = q.source_id
       join appsync.account a on a.id = s.account_id
      where q.source_id = any($1::bigint[]) and q.dropped_at is null
      order by s.alias, q.first_seen_at, q.entry`,
    [sourceIds],
  );
  return rows;
}

/** The records in quarantine as the API gave them, by `alias/record id` (or hash, without an id). */
export async function readQuarantinedRaw(
  db: Queryable,
  sourceIds: readonly number[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.query<{ key: string; raw: string }>(
    `select s.alias || '/' || coalesce(q.record_id, q.hash) as key, q.raw
       from appsync.quarantine q join appsync.source s on s.id = q.source_id
      where q.source_id = any($1::bigint[]) and q.dropped_at is null`,
    [sourceIds],
  );
  return new Map(rows.map(({ key, raw }) => [key, raw]));
}

/** Which entries a person means: all of some sources, or some records of theirs. */
export interface QuarantineSelection {
  readonly source_ids: readonly number[];
  /** Record ids, or hashes of records without an id; null: all. */
  readonly records: readonly string[] | null;
}

const SELECTED = `source_id = any($1::bigint[]) and dropped_at is null
  and ($2::text[] is null or coalesce(record_id, hash) = any($2::text[]))`;

/** How many entries a selection means. */
export async function countSelected(
  db: Queryable,
  { source_ids, records }: QuarantineSelection,
): Promise<number> {
  const { rows } = await db.query<{ entries: number }>(
    `select count(*) as entries from appsync.quarantine where ${SELECTED}`,
    [source_ids, records],
  );
  return rows[0]?.entries ?? 0;
}

/** Marks entries as dropped: they count no more until their content changes. Returns how many. */
export async function dropQuarantined(
  db: Queryable,
  { source_ids, records }: QuarantineSelection,
): Promise<number> {
  const { rowCount } = await db.query(
    `update appsync.quarantine set dropped_at = now() where ${SELECTED}`,
    [source_ids, records],
  );
  return rowCount ?? 0;
}
