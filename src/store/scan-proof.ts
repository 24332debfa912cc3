import type { Queryable } from './database.ts';

/** What is recorded of a scan, counted: the certificate rests on these numbers agreeing. */
export interface ScanProof {
  readonly windows: number;
  /** Windows that were not read to their end. */
  readonly open_windows: number;
  /** Windows that lack a batch which was read. */
  readonly short_windows: number;
  /** Records staged by the batches that are merged, and ids logged by them: the same number, or ids are lost. */
  readonly staged: number;
  readonly logged: number;
  /** Different records seen: over every run that worked on the scan, and by one run alone. */
  readonly records: number;
  readonly records_of_run: number;
}

export async function readScanProof(
  tx: Queryable,
  scanId: string,
  runId: string,
): Promise<ScanProof> {
  const { rows } = await tx.query<ScanProof>(
    `with windows as (
       select (w.state ->> 'done')::boolean as done,
              (w.state ->> 'next_batch')::integer <> (
                select count(*) from appsync.batch b
                 where b.scan_id = w.scan_id and b.window_no = w.window_no
              ) as is_short
         from appsync.scan_window w where w.scan_id = $1
     ), seen as (
       select count(*) as logged, count(distinct id) as records,
              count(distinct id) filter (where b.run_id = $2) as records_of_run
         from appsync.seen_ids s join appsync.batch b using (scan_id, window_no, batch_no),
              unnest(s.ids) as id
        where s.scan_id = $1
     )
     select (select count(*) from windows) as windows,
            (select count(*) from windows where not done) as open_windows,
            (select count(*) from windows where is_short) as short_windows,
            (select coalesce(sum(b.records), 0)::bigint from appsync.batch b where b.scan_id = $1) as staged,
            seen.logged, seen.records, seen.records_of_run
       from seen`,
    [scanId, runId],
  );
  const [proof] = rows;
  if (proof === undefined) throw new Error('an aggregate without a row');
  return proof;
}

/** What keeps these numbers from proving that a scan saw everything, in words; empty when nothing does. */
export function proofGaps(proof: ScanProof): readonly string[] {
  const { windows, open_windows, short_windows, staged, logged } = proof;
  return [
    ...(windows === 0 ? ['no window of the scan is recorded'] : []),
    ...(open_windows > 0 ? [`${open_windows} windows were not read to their end`] : []),
    ...(short_windows > 0 ? [`${short_windows} windows lack batches that were read`] : []),
    ...(staged === logged ? [] : [`${staged} records were staged, but ${logged} ids logged`]),
  ];
}
