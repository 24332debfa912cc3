import { randomBytes } from 'node:crypto';
import type { Queryable } from '../store/database.ts';

/** What makes this database's names differ from those of every other appsync on the same Temporal. */
export interface Installation {
  /** Eight lower-case hex digits; part of workflow ids and of the task queue's name. */
  readonly id: string;
  /** Salts fingerprints of tokens, so that they mean nothing elsewhere. */
  readonly salt: string;
}

/** The installation of this database, made at the first call. Racing callers all get the same one. */
export async function ensureInstallation(db: Queryable): Promise<Installation> {
  // Read first: it is called by every command, and a conflicting insert would burn a write each time.
  const known = await findInstallation(db);
  if (known !== null) return known;
  await db.query(
    'insert into appsync.installation (id, salt) values ($1, $2) on conflict (one) do nothing',
    [randomBytes(4).toString('hex'), randomBytes(16).toString('hex')],
  );
  const made = await findInstallation(db);
  if (made === null) throw new Error('appsync.installation is empty after an insert');
  return made;
}

/** The installation of this database; null before the first command made it. */
export async function findInstallation(db: Queryable): Promise<Installation | null> {
  const { rows } = await db.query<{ id: string; salt: string }>(
    'select id, salt from appsync.installation',
  );
  return rows[0] ?? null;
}
