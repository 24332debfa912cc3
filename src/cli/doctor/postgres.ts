import { findInstallation, type Installation } from '../../catalog/installation.ts';
import { EXIT } from '../../errors.ts';
import { checkDatabase, type Database } from '../../store/database.ts';
import { readMigrationState } from '../../store/migrate.ts';
import type { Findings } from './finding.ts';

/** What the other looks need of a database that is in order. */
export interface ReadyDatabase {
  readonly db: Database;
  readonly installation: Installation | null;
  /** How far the clock of Postgres is ahead of ours, in ms. */
  readonly aheadMs: number;
  readonly version: string;
}

/** Postgres: reachable, recent, migrated and not by a newer program. Returns null when it cannot be worked with. */
export async function checkPostgres(
  db: Database,
  findings: Findings,
  now: () => number,
): Promise<ReadyDatabase | null> {
  await checkDatabase(db);
  const { version, aheadMs } = await readClock(db, now);
  findings.ok(`Postgres ${version} answers`);
  const { applied, newest } = await readMigrationState(db);
  if (applied > newest) {
    findings.fail(
      EXIT.unreachable,
      `the database is newer (${applied}) than this program (${newest})`,
      'update appsync, or point DATABASE_URL at another database',
    );
    return null;
  }
  if (applied < newest) {
    const state = applied === 0 ? 'has no tables of appsync yet' : `is at migration ${applied}`;
    findings.warn(`the database ${state}; the newest is ${newest}`, 'appsync sources list');
    return null;
  }
  findings.ok(`migrated (${applied})`);
  return { db, installation: await findInstallation(db), aheadMs, version };
}

/** The middle of the round trip stands for the moment at which Postgres looked at its clock. */
async function readClock(db: Database, now: () => number) {
  const sent = now();
  const { rows } = await db.query<{ version: string; ms: number }>(
    `select current_setting('server_version') as version,
            extract(epoch from clock_timestamp())::float8 * 1000 as ms`,
  );
  const middle = (sent + now()) / 2;
  return { version: rows[0]?.version ?? '', aheadMs: (rows[0]?.ms ?? middle) - middle };
}
