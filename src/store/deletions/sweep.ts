import type { SweepTally } from '../../contract/scan.ts';
import type { Queryable } from '../database.ts';
import { quoteTable } from '../identifiers.ts';
import type { SourceRow } from '../sources.ts';

/** How many records are asked about one by one; of more, a sample of SAMPLE decides for all. */
const MOST_ASKED = 500;
const SAMPLE = 200;

/** More missing rows than `rows`, and than `share` of the live ones, need a person's consent. */
export interface DeletionLimit {
  readonly rows: number;
  readonly share: number;
}

/**
 * Notes what a whole full scan did not find: rows that are live here and not among the ids seen. Nothing is
 * deleted by it. What an earlier sweep left unsettled is carried over, with a person's consent. A second call
 * for the same scan changes nothing.
 */
export async function beginSweep(
  tx: Queryable,
  source: SourceRow,
  scanId: string,
  limit: DeletionLimit,
): Promise<void> {
  if (await isSweeping(tx, source.id, scanId)) return;
  await forgetSeen(tx, source.id, scanId);
  const live = await noteMissing(tx, source, scanId);
  const { rows } = await tx.query<{ missing: number; unaccepted: number }>(
    `select count(*) as missing, count(*) filter (where not is_accepted) as unaccepted
       from appsync.unsettled_record where source_id = $1 and origin = 'missing'`,
    [source.id],
  );
  const { missing = 0, unaccepted = 0 } = rows[0] ?? {};
  const isGuarded = unaccepted > limit.rows && unaccepted > limit.share * live;
  await chooseAsked(tx, source.id, isGuarded);
  await tx.query(
    `insert into appsync.sweep (source_id, scan_id, live, missing) values ($1, $2, $3, $4)
     on conflict (source_id) do update
        set scan_id = excluded.scan_id, live = excluded.live, missing = excluded.missing,
            deleted = 0, moved = 0, still_there = 0, created_at = now()`,
    [source.id, scanId, live, missing],
  );
}

/** Whether this scan has begun its sweep. */
export async function isSweeping(
  db: Queryable,
  sourceId: number,
  scanId: string,
): Promise<boolean> {
  const { rowCount } = await db.query(
    'select from appsync.sweep where source_id = $1 and scan_id = $2',
    [sourceId, scanId],
  );
  return rowCount === 1;
}

/** Returns the number of live rows. Those that are not live any more are nothing to settle. */
async function noteMissing(tx: Queryable, source: SourceRow, scanId: string): Promise<number> {
  const table = quoteTable(source);
  await tx.query(
    `delete from appsync.unsettled_record u
      where u.source_id = $1 and u.origin = 'missing'
        and not exists (select from ${table} t where t._id = u.record_id and t._deleted_at is null)`,
    [source.id],
  );
  await compareByHash(
    tx,
    `insert into appsync.unsettled_record (source_id, record_id, origin, state)
     select $1, t._id, 'missing', 'ask' from ${table} t
      where t._deleted_at is null
        and not exists (
          select from appsync.seen_ids s, unnest(s.ids) as seen(id)
           where s.scan_id = $2 and seen.id = t._id
        )
     on conflict (source_id, record_id) do update set origin = 'missing'`,
    [source.id, scanId],
  );
  const { rows } = await tx.query<{ live: number }>(
    `select count(*) as live from ${table} where _deleted_at is null`,
  );
  return rows[0]?.live ?? 0;
}

/**
 * Decides for each missing record whether the platform is asked about it, a sample of the others decides, or
 * a person has to. The sample is by a digest of the id, so that a second call chooses the same.
 */
async function chooseAsked(tx: Queryable, sourceId: number, isGuarded: boolean): Promise<void> {
  await tx.query(
    `update appsync.unsettled_record u
        set state = case
              when $2 and not u.is_accepted then 'held'
              when r.place <= case when r.missing <= $3 then $3 else $4 end then 'ask'
              else 'presume' end
       from (
         select record_id, count(*) over () as missing,
                row_number() over (order by md5(record_id), record_id) as place
           from appsync.unsettled_record where source_id = $1 and origin = 'missing'
       ) r
      where u.source_id = $1 and u.record_id = r.record_id`,
    [sourceId, isGuarded, MOST_ASKED, SAMPLE],
  );
}

/** Forgets doubts about records that a scan has seen since: they are where they belong. */
export async function forgetSeen(tx: Queryable, sourceId: number, scanId: string): Promise<void> {
  await compareByHash(
    tx,
    `delete from appsync.unsettled_record u
      where u.source_id = $1
        and u.since < (select created_at from appsync.scan where id = $2)
        and exists (
          select from appsync.seen_ids s, unnest(s.ids) as seen(id)
           where s.scan_id = $2 and seen.id = u.record_id
        )`,
    [sourceId, scanId],
  );
}

/**
 * Runs a statement that looks for rows among the ids that a scan saw. What Postgres knows of these ids is usually of
 * other scans: where it believed that there were none it compared each row with each id, 25 to 31 s for 25,000
 * rows and with their square for more. Told to, it makes a hash of them, which takes milliseconds.
 */
async function compareByHash(tx: Queryable, statement: string, values: unknown[]): Promise<void> {
  await tx.query('set local enable_nestloop = off');
  await tx.query(statement, values);
  await tx.query('set local enable_nestloop to default');
}

/** A person agrees that what is held or unreachable counts as deleted. Returns of how many records. */
export async function acceptDeletions(tx: Queryable, sourceId: number): Promise<number> {
  const { rowCount } = await tx.query(
    `update appsync.unsettled_record set is_accepted = true
      where source_id = $1 and state in ('held', 'unreachable')`,
    [sourceId],
  );
  if ((rowCount ?? 0) > 0) await chooseAsked(tx, sourceId, true);
  return rowCount ?? 0;
}

/** Records that the platform is to be asked about, at most so many. */
export async function readAsked(
  db: Queryable,
  sourceId: number,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ record_id: string }>(
    `select record_id from appsync.unsettled_record
      where source_id = $1 and state = 'ask' order by record_id limit $2`,
    [sourceId, limit],
  );
  return rows.map((row) => row.record_id);
}

/** Some of the records that wait for a person, by id. */
export async function readHeld(
  db: Queryable,
  sourceId: number,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ record_id: string }>(
    `select record_id from appsync.unsettled_record
      where source_id = $1 and state in ('held', 'unreachable') order by record_id limit $2`,
    [sourceId, limit],
  );
  return rows.map((row) => row.record_id);
}

/** What is not settled of a source, by what has to happen; `held` wait for a person, `unreachable` of them as well. */
export interface Unsettled {
  readonly asked: number;
  readonly presumed: number;
  readonly held: number;
  readonly unreachable: number;
  /** Missing records that are neither settled nor for a person to decide. */
  readonly open: number;
  readonly total: number;
}

export async function countUnsettled(db: Queryable, sourceId: number): Promise<Unsettled> {
  const { rows } = await db.query<Unsettled>(
    `select ${UNSETTLED} from appsync.unsettled_record where source_id = $1`,
    [sourceId],
  );
  const [counts] = rows;
  if (counts === undefined) throw new Error('an aggregate without a row');
  return counts;
}

/** The counts, over rows of appsync.unsettled_record. */
export const UNSETTLED = `
  count(*) filter (where state = 'ask') as asked,
  count(*) filter (where state = 'presume') as presumed,
  count(*) filter (where state in ('held', 'unreachable')) as held,
  count(*) filter (where state = 'unreachable') as unreachable,
  count(*) filter (where state in ('ask', 'presume') and origin = 'missing') as open,
  count(*) as total`;

/** The tally of the sweep that a scan began; null when there is none. */
export async function readSweep(
  db: Queryable,
  sourceId: number,
  scanId: string,
): Promise<(SweepTally & { readonly live: number }) | null> {
  const { rows } = await db.query<SweepTally & { readonly live: number }>(
    `select s.live, s.missing, s.deleted, s.moved, s.still_there,
            (select count(*) from appsync.unsettled_record u
              where u.source_id = s.source_id and u.state in ('held', 'unreachable')) as held
       from appsync.sweep s where s.source_id = $1 and s.scan_id = $2`,
    [sourceId, scanId],
  );
  return rows[0] ?? null;
}
