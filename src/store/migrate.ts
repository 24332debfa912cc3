import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AppsyncError, EXIT } from '../errors.ts';
import { inTransaction, type Database, type Transaction } from './database.ts';

interface Migration {
  readonly number: number;
  readonly sql: string;
}

/** The numbered files of sql/, in order. Both src/store and dist/store lie two levels below the root. */
function readMigrations(): readonly Migration[] {
  const directory = fileURLToPath(new URL('../../sql/', import.meta.url));
  return readdirSync(directory)
    .filter((file) => /^\d{6}_.*\.sql$/.test(file))
    .toSorted()
    .map((file) => ({
      number: Number(file.slice(0, 6)),
      sql: readFileSync(directory + file, 'utf8'),
    }));
}

/**
 * Brings the appsync schema up to date, each migration in its own transaction. Safe to run from many
 * processes at once: the advisory lock lets one work and the others find nothing left to do. Throws when
 * the database was migrated by a newer program. `upTo`: as the program that had no later migration did.
 */
export async function migrate(db: Database, upTo = Number.POSITIVE_INFINITY): Promise<void> {
  const migrations = readMigrations().filter(({ number }) => number <= upTo);
  const newest = migrations.at(-1)?.number ?? 0;
  if ((await appliedNumber(db)) === newest) return;
  for (const migration of migrations) {
    await inTransaction(db, (tx) => applyOnce(tx, migration, newest));
  }
}

/** The newest migration that the database has, and the newest that this program has; 0: none. Writes nothing. */
export async function readMigrationState(
  db: Database,
): Promise<{ readonly applied: number; readonly newest: number }> {
  return { applied: await appliedNumber(db), newest: readMigrations().at(-1)?.number ?? 0 };
}

async function appliedNumber(db: Database): Promise<number> {
  const known = await db.query<{ present: boolean }>(
    `select to_regclass('appsync.migration') is not null as present`,
  );
  if (known.rows[0]?.present !== true) return 0;
  const { rows } = await db.query<{ number: number | null }>(
    'select max(number) as number from appsync.migration',
  );
  return rows[0]?.number ?? 0;
}

async function applyOnce(tx: Transaction, migration: Migration, newest: number): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtext('appsync.migrate'))`);
  // Not `if not exists`: that takes the right to create schemas also where there is nothing to create.
  const { rowCount } = await tx.query(`select from pg_namespace where nspname = 'appsync'`);
  if (rowCount === 0) await tx.query('create schema appsync');
  await tx.query(
    'create table if not exists appsync.migration (number integer primary key, applied_at timestamptz not null default now())',
  );
  const { rows } = await tx.query<{ number: number | null }>(
    'select max(number) as number from appsync.migration',
  );
  const applied = rows[0]?.number ?? 0;
  if (applied > newest) {
    throw new AppsyncError(
      EXIT.unreachable,
      `the database is newer (${applied}) than this program (${newest})`,
      {
        hint: 'update appsync, or point DATABASE_URL at another database',
      },
    );
  }
  if (applied >= migration.number) return;
  await tx.query(migration.sql);
  await tx.query('insert into appsync.migration (number) values ($1)', [migration.number]);
}
