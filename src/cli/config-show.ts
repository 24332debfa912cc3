import type { CatalogFile } from '../catalog/file.ts';
import { readSecret, type Environment } from '../config.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { variablesOf } from '../platforms/platform.ts';
import type { Platforms } from '../platforms/registry.ts';
import { readCatalog } from './catalog.ts';
import type { CommandContext } from './command.ts';
import { knownPlatforms } from './platforms.ts';
import type { TableColumn } from './table.ts';

export type Origin = 'environment' | '.env' | 'appsync.yaml' | 'default';

export interface Setting {
  readonly name: string;
  /** As people may see it: of a secret its length at most; null: not set, and without a default. */
  readonly value: string | null;
  readonly secret: boolean;
  readonly origin: Origin;
}

/** Variables and what holds without them. */
const DEFAULTS: Readonly<Record<string, string | null>> = {
  DATABASE_URL: null,
  TEMPORAL_ADDRESS: null,
  TEMPORAL_UI_URL: null,
  TEMPORAL_CLI_PATH: null,
  APPSYNC_HOME: '.appsync',
  APPSYNC_CATALOG: 'appsync.yaml',
  APPSYNC_TARGET: 'notion',
  APPSYNC_HEALTH_ADDRESS: null,
  APPSYNC_GRACE_SECONDS: '10',
  APPSYNC_DEPLOYMENT: null,
  APPSYNC_BUILD_ID: null,
  APPSYNC_ENCRYPTION_KEY: null,
  APPSYNC_ENCRYPTION_OLD_KEYS: null,
  APPSYNC_LOG_LEVEL: 'info',
  APPSYNC_DEBUG: '0',
  NO_COLOR: null,
  FORCE_COLOR: null,
};

/** `appsync config show`: also of a configuration that is wrong, as that is when it is looked at. */
export async function showConfig(context: CommandContext): Promise<ExitCode> {
  const { io, output } = context;
  const { readConfigLeniently } = await import('../config.ts');
  const env = await io.loadEnvironment();
  const { config, mistakes } = readConfigLeniently(env, io.cwd);
  for (const { message, hint } of mistakes) output.note(`${message}; ${hint ?? ''}`);
  const file = await readCatalog(config).catch((error: Error) => {
    output.note(error.message);
    return null;
  });
  const platforms = await knownPlatforms(config);
  const settings = [...variables(env, io.env, platforms), ...catalogSettings(file, env, platforms)];
  if (output.json) output.document(settings);
  else output.table(COLUMNS, settings);
  return EXIT.ok;
}

const COLUMNS: readonly TableColumn<Setting>[] = [
  { header: 'SETTING', text: ({ name }) => name },
  {
    header: 'VALUE',
    text: ({ value }) => value ?? 'not set',
    data: ({ value }) => value,
    shrinks: true,
  },
  { header: 'ORIGIN', text: ({ origin }) => origin },
];

/** Every variable that is read. `own`: those of the process, over which `.env` adds. */
function variables(env: Environment, own: Environment, platforms: Platforms): readonly Setting[] {
  const tokens = [...platforms.values()].flatMap(({ environment }) => environment.token);
  const ofPlatforms = [...platforms.values()].flatMap(variablesOf);
  const temporal = Object.keys(env).filter((name) => name.startsWith('TEMPORAL_'));
  const names = [...new Set([...ofPlatforms, ...Object.keys(DEFAULTS), ...temporal])];
  return names.map((name): Setting => {
    const secret = tokens.includes(name) || isSecret(name);
    const text = env[name] ?? '';
    if (text === '') return { name, value: DEFAULTS[name] ?? null, secret, origin: 'default' };
    const origin = own[name] === undefined ? '.env' : 'environment';
    const isHidden = secret || (name === 'DATABASE_URL' && !text.includes('://'));
    return { name, value: isHidden ? hidden(text) : withoutCredentials(text), secret, origin };
  });
}

/** Temporal's own settings are shown by name, and some of them hold keys or headers of authorization. */
const isSecret = (name: string): boolean =>
  !name.endsWith('_PATH') &&
  /ENCRYPTION|API_KEY|KEY_DATA|GRPC_META|TOKEN|SECRET|PASSWORD|CREDENTIAL/.test(name);

const REFERENCE = /^(env:[A-Za-z_]\w*|file:\S+)$/;

const hidden = (secret: string): string =>
  REFERENCE.test(secret) ? secret : `set (${secret.length} characters)`;

/** An address without user, password, and whatever else a query may carry; any other text stays. */
function withoutCredentials(text: string): string {
  if (!text.includes('://')) return text;
  if (!URL.canParse(text)) return `set (${text.length} characters)`;
  const url = new URL(text);
  url.username = '';
  url.password = '';
  url.hash = '';
  for (const key of new Set(url.searchParams.keys())) {
    if (key !== 'sslmode' && key !== 'sslrootcert') url.searchParams.delete(key);
  }
  return url.href;
}

/** What the catalog file says of accounts: where each token is, and how fast it may be used. */
function catalogSettings(
  file: CatalogFile | null,
  env: Environment,
  platforms: Platforms,
): readonly Setting[] {
  return (file?.accounts ?? []).flatMap((account): Setting[] => {
    const { name, token, plan, rate_limit } = account;
    const [standard = null] = Object.keys(platforms.get(account.platform)?.plans ?? {});
    const setting = (key: string, value: string | null, otherwise: string | null): Setting => ({
      name: `accounts.${name}.${key}`,
      value: value ?? otherwise,
      secret: false,
      origin: value === null ? 'default' : 'appsync.yaml',
    });
    return [
      { ...setting('token', `${token}, ${stateOf(token, env)}`, null), secret: true },
      setting('plan', plan, standard),
      setting('rate_limit', rate_limit === null ? null : String(rate_limit), "the plan's"),
    ];
  });
}

function stateOf(reference: string, env: Environment): string {
  try {
    return hidden(readSecret(reference, env));
  } catch {
    return 'not set';
  }
}
