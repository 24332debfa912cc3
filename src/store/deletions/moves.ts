import type { Queryable } from '../database.ts';
import { quoteTable } from '../identifiers.ts';
import type { SourceRow } from '../sources.ts';

interface Neighbour {
  readonly id: number;
  readonly table_schema: string;
  readonly table_name: string;
}

/** Other sources of the platform whose table is there and sound: all, or the one with this external id. */
async function readNeighbours(
  tx: Queryable,
  source: SourceRow,
  externalId: string | null,
): Promise<readonly Neighbour[]> {
  const { rows } = await tx.query<Neighbour>(
    `select s.id, s.table_schema, s.table_name
       from appsync.source s join appsync.account a on a.id = s.account_id
      where a.platform = $1 and s.id <> $2 and ($3::text is null or s.external_id = $3)
        and (select count(*) from pg_attribute c
              where c.attrelid = to_regclass(format('%I.%I', s.table_schema, s.table_name))
                and (c.attname, c.atttypid) in (('_id', 'text'::regtype), ('_deleted_at', 'timestamptz'::regtype))
                and has_table_privilege(c.attrelid, 'select')) = 2`,
    [source.platform, source.id, externalId],
  );
  return rows;
}

/** Which of the records are live in which of the tables: one look at each primary key. */
async function findLive(
  tx: Queryable,
  neighbours: readonly Neighbour[],
  ids: readonly string[],
): Promise<readonly { readonly source_id: number; readonly record_id: string }[]> {
  if (neighbours.length === 0) return [];
  const looks = neighbours.map(
    (neighbour) =>
      `select ${neighbour.id}::bigint as source_id, _id as record_id from ${quoteTable(neighbour)}
        where _id = any($1::text[]) and _deleted_at is null`,
  );
  const { rows } = await tx.query<{ source_id: number; record_id: string }>(
    looks.join(' union all '),
    [ids],
  );
  return rows;
}

/**
 * A record left this source for another. If the catalog has that one and its table lacks the record, its next
 * sync looks for it: whether a move counts as an edit, which an incremental scan would see, is undocumented.
 */
export async function announceArrival(
  tx: Queryable,
  source: SourceRow,
  externalId: string,
  recordId: string,
): Promise<void> {
  const targets = await readNeighbours(tx, source, externalId);
  const known = new Set((await findLive(tx, targets, [recordId])).map((row) => row.source_id));
  await noteUnsettled(
    tx,
    'arrived',
    targets
      .filter(({ id }) => !known.has(id))
      .map(({ id }) => ({ source_id: id, record_id: recordId })),
  );
}

/**
 * Records came to this source that are older than its scan asked for. Where another table of the platform has
 * them live, the next sync of that source asks what became of them there: a record exists once.
 */
export async function doubtElsewhere(
  tx: Queryable,
  source: SourceRow,
  arrivals: readonly string[],
): Promise<void> {
  if (arrivals.length === 0) return;
  const neighbours = await readNeighbours(tx, source, null);
  await noteUnsettled(tx, 'missing', await findLive(tx, neighbours, arrivals));
}

async function noteUnsettled(
  tx: Queryable,
  origin: 'missing' | 'arrived',
  records: readonly { readonly source_id: number; readonly record_id: string }[],
): Promise<void> {
  await tx.query(
    `insert into appsync.unsettled_record (source_id, record_id, origin, state)
     select u.source_id, u.record_id, $1, 'ask' from unnest($2::bigint[], $3::text[]) as u(source_id, record_id)
     on conflict do nothing`,
    [origin, records.map((row) => row.source_id), records.map((row) => row.record_id)],
  );
}
