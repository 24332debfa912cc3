import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { contentHash } from '../../catalog/content-hash.ts';
import { findParsed, parsedFilePath } from '../../catalog/parsed-file.ts';
import type { Environment } from '../../config.ts';

/** What of an installation has a name that a person may type. */
export type NameKind = 'app' | 'component' | 'source' | 'vault' | 'user' | 'run';

const SECTIONS: Partial<Record<NameKind, readonly [section: string, key: string]>> = {
  app: ['applications', 'slug'],
  component: ['sources', 'component'],
  source: ['sources', 'alias'],
  vault: ['vaults', 'name'],
  user: ['users', 'username'],
};

/** Names of the catalog file, as far as it can be read: a mistake in it must not silence the shell. */
export async function namesInFile(
  env: Environment,
  cwd: string,
  kind: NameKind,
): Promise<readonly string[]> {
  const [section, key] = SECTIONS[kind] ?? [];
  if (section === undefined || key === undefined) return [];
  try {
    const text = await readFile(resolve(cwd, env['APPSYNC_CATALOG'] || 'appsync.yaml'), 'utf8');
    const data = (await said(text, homeOf(env, cwd))) as Readonly<Record<string, unknown>> | null;
    const items = data?.[section];
    const names = (Array.isArray(items) ? (items as readonly unknown[]) : []).map((item) =>
      typeof item === 'object' && item !== null ? Object.entries(item) : [],
    );
    return names.flatMap((entries) =>
      entries
        .filter(([name, value]) => name === key && typeof value === 'string')
        .map(([, value]) => String(value)),
    );
  } catch {
    return [];
  }
}

/** What the file says: as the last command kept it, or the text parsed. */
async function said(text: string, home: string): Promise<unknown> {
  const kept = await findParsed(parsedFilePath(home), contentHash(text));
  if (kept !== undefined) return kept;
  const { parseFileText } = await import('../../catalog/yaml-text.ts');
  return parseFileText(text).data;
}

const homeOf = (env: Environment, cwd: string): string =>
  resolve(cwd, env['APPSYNC_HOME'] || '.appsync');

/** The shell waits for the answer. */
const DATABASE_MS = 150;

/** The latest runs of the local stack when it runs; it is not started, and a database elsewhere is not asked. */
export async function latestRuns(env: Environment, cwd: string): Promise<readonly string[]> {
  if ((env['DATABASE_URL'] ?? '') !== '') return [];
  const home = homeOf(env, cwd);
  const { stackStatus } = await import('../../stack/stack.ts');
  const { postgres } = await stackStatus({ home, log: () => {} });
  if (postgres === null) return [];
  const { openDatabase } = await import('../../store/database.ts');
  const { within } = await import('../../observe/within.ts');
  const db = openDatabase(postgres.url, 1);
  try {
    const asked = db.query<{ id: string }>(
      'select id from appsync.run order by started_at desc limit 20',
    );
    return (await within(DATABASE_MS, 'Postgres', asked)).rows.map(({ id }) => id);
  } catch {
    return [];
  } finally {
    // Not awaited: a query that hangs must not hold up the shell.
    void db.end().catch(() => {});
  }
}
