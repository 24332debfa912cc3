import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { AppsyncError, EXIT } from '../errors.ts';
import { PLAIN_ENVIRONMENT } from './daemon.ts';
import { ownerIds, type PostgresAccount } from './postgres-account.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { fileError, writePrivateFile } from './private-files.ts';

export const POSTGRES_USER = 'appsync';
export const POSTGRES_DATABASE = 'appsync';

/** Where a Postgres keeps its data, and with what it is run. */
export interface PostgresData {
  /** Holds `data` and `password`. */
  readonly directory: string;
  readonly dataDirectory: string;
  readonly password: string;
  readonly account: PostgresAccount;
  readonly binaries: PostgresBinaries;
}

/** The owner of the data that is there, if any: the only user that Postgres then runs as. */
export function dataOwner(directory: string): number | null {
  return statSync(join(directory, 'data'), { throwIfNoEntry: false })?.uid ?? null;
}

/**
 * The data directory, initialised on first use. That happens in a temporary directory which is renamed
 * at the end, so that a start cut short leaves nothing that looks like a database. What is there but
 * never became one (no pg_control) is moved aside, not deleted.
 */
export function openPostgresData(
  directory: string,
  account: PostgresAccount,
  binaries: PostgresBinaries,
): PostgresData {
  const dataDirectory = join(directory, 'data');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const owner = ownerIds(account);
    if (owner !== null) chownSync(directory, owner.uid, owner.gid);
    const initialised = existsSync(join(dataDirectory, 'global', 'pg_control'));
    if (!initialised) moveAside(directory, dataDirectory);
    const password = initialised ? readPassword(directory) : createPassword(directory, account);
    const data = { directory, dataDirectory, password, account, binaries };
    if (!initialised) initialise(data);
    checkVersion(data);
    return data;
  } catch (error) {
    if (error instanceof AppsyncError) throw error;
    throw fileError(`cannot use ${directory} for Postgres`, error);
  }
}

function moveAside(directory: string, dataDirectory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.startsWith('new-')) rmSync(join(directory, name), { recursive: true });
  }
  if (!existsSync(dataDirectory)) return;
  renameSync(dataDirectory, join(directory, `unusable-${Date.now()}`));
}

function createPassword(directory: string, account: PostgresAccount): string {
  const password = randomBytes(18).toString('base64url');
  const path = join(directory, 'password');
  writePrivateFile(path, `${password}\n`);
  const owner = ownerIds(account);
  if (owner !== null) chownSync(path, owner.uid, owner.gid);
  return password;
}

function readPassword(directory: string): string {
  const path = join(directory, 'password');
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new AppsyncError(
      EXIT.unreachable,
      `the password of the local Postgres is not in ${path}`,
      {
        hint: `put the file back, or move ${directory} away to begin with an empty database`,
        cause: error,
      },
    );
  }
}

function initialise(data: PostgresData): void {
  const temporary = join(data.directory, `new-${process.pid}`);
  run(data, data.binaries.initdb, [
    `--pgdata=${temporary}`,
    `--username=${POSTGRES_USER}`,
    `--pwfile=${join(data.directory, 'password')}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The same sort order on every platform, with no dependence on the locales installed here.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ]);
  run(
    data,
    data.binaries.postgres,
    ['--single', '-D', temporary, 'postgres'],
    `create database ${POSTGRES_DATABASE}\n`,
  );
  renameSync(temporary, data.dataDirectory);
}

function run(data: PostgresData, file: string, args: readonly string[], input = ''): void {
  const { uid, gid, prefix } = data.account;
  const [program = '', ...rest] = [...prefix, file, ...args];
  const result = spawnSync(program, rest, {
    cwd: data.directory,
    env: POSTGRES_ENVIRONMENT,
    input,
    encoding: 'utf8',
    ...(uid === null || gid === null ? {} : { uid, gid }),
  });
  if (result.status === 0) return;
  throw new AppsyncError(EXIT.unreachable, `cannot initialise Postgres in ${data.directory}`, {
    reason: result.error?.message ?? `${result.stderr}`.trim().split('\n').slice(-3).join('; '),
    hint: 'check that the disk has room and is writable, or set DATABASE_URL to a Postgres of your own',
    cause: result.error,
  });
}

function checkVersion(data: PostgresData): void {
  const [major] = data.binaries.version.split('.');
  const found = readFileSync(join(data.dataDirectory, 'PG_VERSION'), 'utf8').trim();
  if (found === major) return;
  throw new AppsyncError(
    EXIT.unreachable,
    `${data.dataDirectory} is of Postgres ${found}, the embedded one is ${data.binaries.version}`,
    {
      hint: `dump it with Postgres ${found}, move ${data.directory} away and load the dump; or go back to the version of appsync that made it`,
    },
  );
}

/** LC_ALL: without it Postgres refuses to start on macOS. */
export const POSTGRES_ENVIRONMENT = { ...PLAIN_ENVIRONMENT, LC_ALL: 'C' } as const;
