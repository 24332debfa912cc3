import type { Certificate } from '../contract/scan.ts';
import type { Queryable } from './database.ts';

/** The certificates of a run's sources, by alias; sources that had no scan have none. */
export async function readCertificates(
  db: Queryable,
  runId: string,
): Promise<ReadonlyMap<string, Certificate>> {
  const { rows } = await db.query<{ alias: string; certificate: Certificate }>(
    `select s.alias, r.evidence as certificate
       from appsync.source_run r join appsync.source s on s.id = r.source_id
      where r.run_id = $1 and r.evidence ? 'scan_id' order by s.alias`,
    [runId],
  );
  return new Map(rows.map((row) => [row.alias, row.certificate]));
}
