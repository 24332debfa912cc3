import { configurationError } from '../errors.ts';
import type { Queryable } from './database.ts';

/** Keys of a process by id: what it encrypts with (null: nothing), and what it can read. */
export interface KeyIds {
  readonly current: string | null;
  readonly known: { has(id: string): boolean };
}

/**
 * Makes sure that this process can read what the installation's others write, and notes what it writes
 * with itself. Throws a configuration error when it lacks the key: it would take tasks and fail them all.
 */
export async function agreeOnEncryptionKey(db: Queryable, keys: KeyIds): Promise<void> {
  const { rows } = await db.query<{ stored: string | null }>(
    'select encryption_key_id as stored from appsync.installation',
  );
  const stored = rows[0]?.stored ?? null;
  if (stored !== null && !keys.known.has(stored)) {
    throw configurationError(
      `payloads of this installation are encrypted with key ${stored}, which this process does not have`,
      'set APPSYNC_ENCRYPTION_KEY to that key, or list it in APPSYNC_ENCRYPTION_OLD_KEYS',
    );
  }
  if (stored === keys.current) return;
  // Two processes that change it at once both know both keys: either order is right.
  await db.query('update appsync.installation set encryption_key_id = $1', [keys.current]);
}
