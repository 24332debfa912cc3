import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { AppsyncError, configurationError, reasonOf } from './errors.ts';
import { rememberSecret } from './secrets.ts';

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
  /** Where a worker answers /healthz, /readyz and /metrics; undefined: nowhere. */
  readonly healthAddress: ListenAddress | undefined;
  /** Time that activities get to end by themselves when a worker is told to stop. */
  readonly graceSeconds: number;
  /** What a worker is part of where Temporal keeps runs on the build that they began with; undefined: it does not. */
  readonly deployment: WorkerDeployment | undefined;
  /** For token references, platform origins and Temporal's own variables. */
  readonly env: Environment;
}

/** A version of a worker deployment, in Temporal's words. */
export interface WorkerDeployment {
  readonly name: string;
  readonly buildId: string;
}

export interface ListenAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

const blankIsUnset = (value: string | undefined) => (value === '' ? undefined : value);
const optional = z.preprocess((v) => blankIsUnset(v as string | undefined), z.string().optional());

const LONGEST_GRACE_SECONDS = 3_600;
const LARGEST_PORT = 65_535;

const listenAddress = z.string().transform((text, context): ListenAddress => {
  // A colon in the host is IPv6, which is written in brackets.
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host !== undefined && port <= LARGEST_PORT) return { host, port };
  context.addIssue({ code: 'custom', message: 'must be host:port, such as 127.0.0.1:9464' });
  return z.NEVER;
});

/** Temporal joins the two by a dot or a colon, and keeps names that begin with `__` for itself. */
const deploymentPart = z.preprocess(
  (v) => blankIsUnset(v as string | undefined),
  z
    .string()
    .regex(
      /^(?!__)[\w-]{1,128}$/,
      'may hold letters, digits, - and _, 128 at most, and not begin with __',
    )
    .optional(),
);
/** As above; versions have dots. */
const buildPart = z.preprocess(
  (v) => blankIsUnset(v as string | undefined),
  z
    .string()
    .regex(/^[\w.+-]{1,128}$/, 'may hold letters, digits and - _ . +, 128 at most')
    .optional(),
);

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
  APPSYNC_HEALTH_ADDRESS: z.preprocess(
    (v) => blankIsUnset(v as string | undefined),
    listenAddress.optional(),
  ),
  APPSYNC_GRACE_SECONDS: z.preprocess(
    (v) => blankIsUnset(v as string | undefined) ?? '10',
    z
      .string()
      .regex(/^\d+$/, 'must be a whole number of seconds')
      .transform(Number)
      .refine((seconds) => seconds <= LONGEST_GRACE_SECONDS, 'must be an hour (3600) at most'),
  ),
  APPSYNC_DEPLOYMENT: deploymentPart,
  APPSYNC_BUILD_ID: buildPart,
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

/**
 * The configuration without the variables that are wrong, and what is wrong with each: for those who have to tell
 * more than the first mistake.
 */
export function readConfigLeniently(
  env: Environment,
  directory: string,
): { readonly config: Config; readonly mistakes: readonly AppsyncError[] } {
  const wrong = (schema.safeParse(env).error?.issues ?? []).map((issue) => ({
    name: String(issue.path[0]),
    message: issue.message,
  }));
  const mistakes = wrong.map(({ name, message }) => mistake(name, message));
  const names = new Set(wrong.map(({ name }) => name));
  const right = Object.fromEntries(Object.entries(env).filter(([name]) => !names.has(name)));
  try {
    return { config: readConfig(right, directory), mistakes };
  } catch (error) {
    if (!(error instanceof AppsyncError)) throw error;
    const { APPSYNC_DEPLOYMENT: _name, APPSYNC_BUILD_ID: _build, ...rest } = right;
    return { config: readConfig(rest, directory), mistakes: [...mistakes, error] };
  }
}

const mistake = (name: string, message: string) =>
  configurationError(`${name} ${message}`, `correct ${name}, or unset it`);

/** Checks the environment; throws a configuration error that names the variable. */
export function readConfig(env: Environment, directory: string = process.cwd()): Config {
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw mistake(String(issue?.path[0]), issue?.message ?? 'is invalid');
  }
  const e = parsed.data;
  rememberCredentials(env);
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
    healthAddress: e.APPSYNC_HEALTH_ADDRESS,
    graceSeconds: e.APPSYNC_GRACE_SECONDS,
    deployment: deploymentOf(e.APPSYNC_DEPLOYMENT, e.APPSYNC_BUILD_ID),
    env,
  };
}

/** One without the other would run unversioned where somebody relies on versions. */
function deploymentOf(
  name: string | undefined,
  buildId: string | undefined,
): WorkerDeployment | undefined {
  if (name !== undefined && buildId !== undefined) return { name, buildId };
  if (name === undefined && buildId === undefined) return undefined;
  const [set, missing] =
    name === undefined
      ? ['APPSYNC_BUILD_ID', 'APPSYNC_DEPLOYMENT']
      : ['APPSYNC_DEPLOYMENT', 'APPSYNC_BUILD_ID'];
  throw configurationError(`${set} is set and ${missing} is not`, `set both, or neither`);
}

/** Credentials that clients read by themselves, in case one of them puts them into a message. */
function rememberCredentials(env: Environment): void {
  rememberSecret(env['TEMPORAL_API_KEY'] ?? '');
  const url = env['DATABASE_URL'] ?? '';
  if (URL.canParse(url)) rememberSecret(decodeURIComponent(new URL(url).password));
}

/**
 * The secret that a reference names: `env:NAME` or `file:PATH` (trailing newline cut); empty for `none`. Throws a
 * configuration error that names the reference, never the secret.
 */
export function readSecret(reference: string, env: Environment): string {
  if (reference === 'none') return '';
  const secret = findSecret(reference, env);
  rememberSecret(secret);
  return secret;
}

function findSecret(reference: string, env: Environment): string {
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
