import { Option, type Command } from 'commander';
import type { RunSettings } from '../contract/control.ts';
import {
  DEFAULT_OPTIONS,
  DELETION_GUARD,
  OPTION_RANGES,
  PRESETS,
  type PresetName,
  type SyncOptions,
} from '../contract/options.ts';
import type { Filters } from '../contract/target.ts';
import { usageError } from '../errors.ts';

/** What commander makes of the options of `sync`. None has a default here: see DEFAULT_OPTIONS. */
export interface SyncFlags {
  readonly platform?: readonly string[];
  readonly app?: readonly string[];
  readonly source?: readonly string[];
  readonly component?: readonly string[];
  readonly vault?: readonly string[];
  readonly user?: readonly string[];
  readonly onlyEnabled?: boolean;
  readonly onlyDue?: boolean;
  readonly preset?: PresetName;
  readonly poolSize?: number;
  readonly maxConcurrent?: number;
  readonly batchSize?: number;
  readonly rateLimit?: number;
  readonly maxDelete?: number;
  readonly streaming?: boolean;
  readonly incremental?: boolean;
  readonly dryRun?: boolean;
  readonly live?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
  readonly wait?: boolean;
}

/** What a person asked for, checked as far as it can be without the catalog. */
export interface SyncRequest {
  /** As typed; undefined: the default target. */
  readonly target: string | undefined;
  readonly filters: Filters;
  readonly options: SyncOptions;
  readonly dryRun: boolean;
  /** Whether the plan asks the platforms for the schemas. */
  readonly live?: true;
  readonly verbose: boolean;
  readonly wait: boolean;
}

type Range = readonly [number, number];
const { pool_size, max_concurrent, batch_size, rate_limit } = OPTION_RANGES;
const preset = (name: PresetName) =>
  `${name} = --pool-size ${PRESETS[name].pool_size} --max-concurrent ${PRESETS[name].max_concurrent}`;

/** Flags, description and default as help shows it, how the value is read, heading in help. */
const OPTIONS: readonly (() => Option)[] = [
  filter('platform', 'only sources of this platform'),
  filter('app', 'only sources of this application: slug, name or id'),
  filter('source', 'only this source: alias, or id on its platform'),
  filter('component', 'only sources of this component'),
  filter('vault', 'only sources of this vault: name or id'),
  filter('user', 'only sources of this user: username or id'),
  flag('What to sync:', '--only-enabled', 'leave out sources that are disabled'),
  flag('What to sync:', '--only-due', 'enabled sources whose time has come'),
  () =>
    new Option('--preset <name>', `${preset('safe')}; ${preset('fast')}`)
      .choices(Object.keys(PRESETS))
      .helpGroup('How to sync:'),
  number(
    'pool-size',
    'most requests in flight, and sockets kept, per account and worker',
    pool_size,
    DEFAULT_OPTIONS.pool_size,
  ),
  ...settingOptions(),
  percentage(
    'max-delete',
    'share of a table that may vanish at once without consent',
    DELETION_GUARD.share,
  ),
  flag('How to sync:', '--no-streaming', 'stage everything, publish once and atomically'),
  flag('How to sync:', '--no-incremental', 'read every record, whatever is known already'),
  flag('Output:', '--dry-run', 'show the plan; write nothing, ask no platform'),
  flag('Output:', '--live', 'with --dry-run: read the schemas anew for it'),
  flag('Output:', '--no-wait', 'return as soon as the run has started (exit code 8)'),
  flag('Output:', '--verbose', 'say on stderr which options hold, and how the stack starts'),
  flag('Output:', '--json', 'print one JSON document on stdout'),
];

/** The options that a run at work can be given, too. */
function settingOptions(): readonly (() => Option)[] {
  return [
    number(
      'max-concurrent',
      'most sources at once within a platform; fewer where a low rate has them take turns',
      max_concurrent,
      DEFAULT_OPTIONS.max_concurrent,
    ),
    number(
      'batch-size',
      'records fetched and merged together',
      batch_size,
      DEFAULT_OPTIONS.batch_size,
    ),
    number('rate-limit', 'requests per second of every account', rate_limit, "the account's"),
  ];
}

/** Adds what `runs set` can change of a run at work; without it, an option stays as it is. */
export function addSettingOptions(command: Command): Command {
  for (const option of settingOptions()) command.addOption(option());
  return command;
}

/** Names of sources, as `--source` may repeat them. */
export const sourceOption = (description: string): Option =>
  filter('source', description)().helpGroup('Options:');

/** What was given of the settings that a run at work can be given. */
export const settingsOf = (flags: SyncFlags): RunSettings =>
  present({
    max_concurrent: flags.maxConcurrent,
    batch_size: flags.batchSize,
    rate_limit: flags.rateLimit,
  });

/** Adds every option of a sync to a command. */
export function addSyncOptions(command: Command): Command {
  for (const option of OPTIONS) command.addOption(option());
  return command;
}

const FILTER_OPTIONS = [
  '--platform',
  '--app',
  '--source',
  '--component',
  '--vault',
  '--user',
  '--only-enabled',
  '--only-due',
];
const PACE_OPTIONS = ['--pool-size', '--max-concurrent', '--rate-limit'];

/** Adds the options that say which sources are meant, to a command that only looks at them. */
export function addFilterOptions(command: Command): Command {
  for (const option of OPTIONS.map((make) => make())) {
    if (FILTER_OPTIONS.includes(option.long ?? '')) {
      command.addOption(option.helpGroup('Which sources:'));
    }
  }
  return command;
}

/** Adds the options that say which sources are meant, and how fast they are worked on. */
export function addSourceOptions(command: Command): Command {
  const names = [...FILTER_OPTIONS, ...PACE_OPTIONS];
  for (const option of OPTIONS.map((make) => make())) {
    if (names.includes(option.long ?? '')) command.addOption(option);
  }
  return command;
}

/** Adds the options that say how a run works: what a schedule can be given. */
export function addWorkOptions(command: Command): Command {
  const names = ['--preset', '--batch-size', '--max-delete', ...PACE_OPTIONS];
  for (const option of OPTIONS.map((make) => make())) {
    if (names.includes(option.long ?? '')) command.addOption(option);
  }
  return command;
}

function flag(group: string, flags: string, description: string) {
  return () => new Option(flags, description).helpGroup(group);
}

function filter(name: string, description: string) {
  return () =>
    new Option(`--${name} <name>`, `${description}; may repeat`)
      .argParser((value: string, former: readonly string[] | undefined) => {
        if (value === '') throw usageError(`--${name} needs a value`);
        return [...(former ?? []), value];
      })
      .helpGroup('What to sync:');
}

function number(name: string, description: string, range: Range, standard: number | string) {
  return () =>
    new Option(`--${name} <n>`, `${description} (default: ${standard})`)
      .argParser((value: string) => parseNumber(name, value, range))
      .helpGroup('How to sync:');
}

function percentage(name: string, description: string, standard: number) {
  return () =>
    new Option(`--${name} <n%>`, `${description} (default: ${standard * 100}%)`)
      .argParser((value: string) => {
        const percent = /^\d+(\.\d+)?%?$/.test(value) ? Number.parseFloat(value) : NaN;
        if (percent <= 100) return percent / 100;
        throw usageError(`--${name} must be from 0% to 100%, not "${value}"`, 'appsync help sync');
      })
      .helpGroup('How to sync:');
}

function parseNumber(name: string, value: string, [least, most]: Range): number {
  const whole = Number.isInteger(least);
  const isNumber = whole ? /^\d+$/.test(value) : /^(\d+(\.\d*)?|\.\d+)$/.test(value);
  const parsed = Number(value);
  if (isNumber && parsed >= least && parsed <= most) return parsed;
  const kind = whole ? 'a whole number' : 'a number';
  throw usageError(
    `--${name} must be ${kind} from ${least} to ${most}, not "${value}"`,
    `appsync help sync`,
  );
}

/** The request that target and options make: defaults, then the preset, then each option that was given. */
export function syncRequest(target: string | undefined, flags: SyncFlags): SyncRequest {
  if (flags.live === true && flags.dryRun !== true) {
    throw usageError('--live is for plans: give --dry-run, too', 'appsync help sync');
  }
  return {
    target,
    filters: present({
      platform: flags.platform,
      app: flags.app,
      source: flags.source,
      component: flags.component,
      vault: flags.vault,
      user: flags.user,
      only_enabled: flags.onlyEnabled,
      only_due: flags.onlyDue,
    }),
    options: {
      ...DEFAULT_OPTIONS,
      ...(flags.preset === undefined ? {} : PRESETS[flags.preset]),
      ...present({
        pool_size: flags.poolSize,
        max_concurrent: flags.maxConcurrent,
        batch_size: flags.batchSize,
        rate_limit: flags.rateLimit,
        max_delete: flags.maxDelete,
        streaming: flags.streaming,
        incremental: flags.incremental,
      }),
    },
    dryRun: flags.dryRun === true,
    ...(flags.live === true ? { live: true } : {}),
    verbose: flags.verbose === true,
    wait: flags.wait !== false,
  };
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function present<T extends object>(values: T): Present<T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Present<T>;
}

const TAKES_VALUE: ReadonlySet<string> = new Set(
  OPTIONS.map((option) => option()).flatMap((option) =>
    option.required ? [option.long ?? ''] : [],
  ),
);

/** Tells the words of a command line from its options, which keep their values; all words after `--`. */
export function separateWords(argv: readonly string[]): {
  readonly words: readonly string[];
  readonly options: readonly string[];
} {
  const words: string[] = [];
  const options: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const token = argv[index] ?? '';
    if (token === '--') {
      words.push(...argv.slice(index + 1));
      break;
    }
    if (!token.startsWith('-')) {
      words.push(token);
      continue;
    }
    options.push(token);
    const value = argv[index + 1];
    if (TAKES_VALUE.has(token) && value !== undefined) {
      options.push(value);
      index += 1;
    }
  }
  return { words, options };
}
