import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { configurationError, reasonOf } from './errors.ts';

/** Variables by name; passed in, so that only this file knows of process.env. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything that the environment says, checked once at the start of a process. */
export interface Config {
  /** State of the local stack. */
  readonly home: string;
  readonly catalogPath: string;
  readonly defaultTarget: string;
  readonly databaseUrl: string | undefined;
  readonly temporalAddress: string | undefined;
  readonly temporalUiUrl: string | undefined;
  readonly temporalCliPath: string | undefined;
  readonly debug: boolean;
  readonly logLevel: string;
  /** For token references, platform origins and Temporal's own variables. */
  readonly env: Environment;
}

const blankIsUnset = (value: string | undefined) => (value === '' ? undefined : value);
const optional = z.preprocess((v) => blankIsUnset(v as string | undefined), z.string().optional());

const schema = z.object({
  APPSYNC_HOME: optional,
  APPSYNC_CATALOG: optional,
  APPSYNC_TARGET: optional,
  APPSYNC_DEBUG: optional,
  APPSYNC_LOG_LEVEL: z.preprocess(
    (v) => blankIsUnset(v as string | undefined) ?? 'info',
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
  ),
  DATABASE_URL: z.preprocess(
    (v) => blankIsUnset(v as string | undefined),
    z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://')
      .optional(),
  ),
  TEMPORAL_ADDRESS: optional,
  TEMPORAL_UI_URL: optional,
  TEMPORAL_CLI_PATH: optional,
});

/** process.env over the `.env` file of `directory` (absent is fine). Throws a configuration error when it cannot be read. */
export function readEnvironment(directory: string = process.cwd()): Environment {
  const path = resolve(directory, '.env');
  try {
    return { ...parseEnv(readFileSync(path, 'utf8')), ...process.env };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { ...process.env };
    throw configurationError(
      `cannot read ${path}`,
      'make .env a readable file, or remove it',
      error,
    );
  }
}

/** Checks the environment; throws a configuration error that names the variable. */
export function readConfig(env: Environment, directory: string = process.cwd()): Config {
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const name = String(issue?.path[0]);
    throw configurationError(
      `${name} ${issue?.message ?? 'is invalid'}`,
      `correct ${name}, or unset it`,
    );
  }
  const e = parsed.data;
  return {
    home: resolve(directory, e.APPSYNC_HOME ?? '.appsync'),
    catalogPath: resolve(directory, e.APPSYNC_CATALOG ?? 'appsync.yaml'),
    defaultTarget: e.APPSYNC_TARGET ?? 'notion',
    databaseUrl: e.DATABASE_URL,
    temporalAddress: e.TEMPORAL_ADDRESS,
    temporalUiUrl: e.TEMPORAL_UI_URL,
    temporalCliPath: e.TEMPORAL_CLI_PATH,
    debug: e.APPSYNC_DEBUG !== undefined && e.APPSYNC_DEBUG !== '0',
    logLevel: e.APPSYNC_LOG_LEVEL,
    env,
  };
}

/**
 * The secret that a reference names: `env:NAME` or `file:PATH` (trailing newline cut). Throws a
 * configuration error that names the reference, never the secret.
 */
export function readSecret(reference: string, env: Environment): string {
  const [kind, ...rest] = reference.split(':');
  const name = rest.join(':');
  if (kind === 'env') {
    const value = blankIsUnset(env[name]);
    if (value !== undefined) return value;
    throw configurationError(`${name} is not set`, `export ${name}=<token>, or put it into .env`);
  }
  if (kind === 'file') {
    try {
      const value = readFileSync(name, 'utf8').trim();
      if (value !== '') return value;
    } catch (error) {
      throw configurationError(
        `cannot read the token file ${name}: ${reasonOf(error)}`,
        `check the path in ${reference}`,
      );
    }
    throw configurationError(`the token file ${name} is empty`, `write the token into ${name}`);
  }
  throw configurationError(
    `"${reference.slice(0, 8)}…" is not a token reference`,
    'write env:NAME or file:PATH; never the token itself',
  );
}
