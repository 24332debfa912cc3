import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MIGRATE = `
  const { openDatabase } = await import('./dist/store/database.js');
  const { migrate } = await import('./dist/store/migrate.js');
  const db = openDatabase(process.env.DATABASE_URL);
  await migrate(db);
  await db.end();
`;

export interface ProgramEnd {
  readonly code: number | null;
  readonly stderr: string;
}

/** Runs Node with these arguments in the project's folder, with these variables and no others but PATH. */
export function runProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ProgramEnd> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stderr })));
}

/** Migrates a database from a process of its own, by the build. */
export const runMigration = (databaseUrl: string): Promise<ProgramEnd> =>
  runProgram(['--input-type=module', '--eval', MIGRATE], { DATABASE_URL: databaseUrl });
