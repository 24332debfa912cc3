import type { Command } from 'commander';
import { EXIT, usageError, type ExitCode } from '../errors.ts';
import { platformNames, type CommandContext } from './command.ts';
import type { CliIo } from './io.ts';
import { definitions, section, type Example } from './help.ts';
import { SHORTCUTS, platformShortcuts, type Shortcut } from './shortcuts.ts';
import { helpAsTyped } from './program-name.ts';
import { didYouMean } from './suggest.ts';

/** What each exit code means, as help and the documentation show it. */
export const EXIT_CODES: readonly Example[] = [
  [`${EXIT.ok}`, 'ok; also when nothing matched the filters'],
  [`${EXIT.failed}`, 'failed'],
  [`${EXIT.usage}`, 'usage: unknown target, bad option'],
  [`${EXIT.partial}`, 'partial: some sources failed or are incomplete'],
  [`${EXIT.credentials}`, 'credentials or configuration'],
  [`${EXIT.unreachable}`, 'Postgres or Temporal unreachable'],
  [`${EXIT.running}`, 'started, still running (--no-wait)'],
  [`${EXIT.interrupted}`, 'interrupted; the run goes on'],
];

const VARIABLES: readonly Example[] = [
  ['DATABASE_URL', 'Postgres to sync into; unset: a local one is started'],
  ['TEMPORAL_ADDRESS', 'Temporal to run on; unset: a local one is started'],
  ['TEMPORAL_*', 'every setting of the Temporal client (namespace, TLS, API key, profile)'],
  ['TEMPORAL_UI_URL', "origin of that Temporal's Web UI, for links"],
  ['TEMPORAL_CLI_PATH', 'the temporal program that the local stack starts'],
  ['APPSYNC_HOME', 'state of the local stack (default: .appsync here)'],
  ['APPSYNC_CATALOG', 'the catalog file (default: appsync.yaml)'],
  ['APPSYNC_TARGET', 'target of a bare "sync" (default: notion)'],
  [
    'APPSYNC_HEALTH_ADDRESS',
    'host:port where a worker answers /healthz, /readyz, /metrics; unset: nowhere',
  ],
  ['APPSYNC_GRACE_SECONDS', 'time that activities get when a worker is told to stop (default: 10)'],
  [
    'APPSYNC_DEPLOYMENT',
    'with APPSYNC_BUILD_ID: a worker of that build of a Temporal worker deployment; runs stay on their build',
  ],
  ['APPSYNC_BUILD_ID', 'see APPSYNC_DEPLOYMENT; both or neither'],
  [
    'APPSYNC_ENCRYPTION_KEY',
    'encrypts what Temporal stores: 32 bytes in base64, env:NAME or file:PATH',
  ],
  ['APPSYNC_ENCRYPTION_OLD_KEYS', 'keys that are only read with, separated by commas'],
  ['APPSYNC_LOG_LEVEL', 'trace, debug, info, warn, error, fatal or silent'],
  ['APPSYNC_DEBUG', '1: errors come with their stack'],
  ['NO_COLOR, FORCE_COLOR', 'never, or always, use colours'],
];

/** Every variable that is read; those of the platforms come from the registry. */
export async function environmentVariables(): Promise<readonly Example[]> {
  const { builtInPlatforms } = await import('../platforms/registry.ts');
  const ofPlatforms = [...builtInPlatforms().values()].flatMap(({ title, environment }) => {
    const { token, base_url } = environment;
    const tokens: Example = [token.join(' or '), `token of ${title}`];
    const origin: Example = [base_url ?? '', `origin of another ${title} API`];
    return [tokens, origin].filter(([name]) => name !== '');
  });
  return [...ofPlatforms, ...VARIABLES];
}

/** Every shortcut, those of these platforms included. */
export const allShortcuts = (platforms: Iterable<string>): readonly Shortcut[] => [
  ...SHORTCUTS,
  ...platformShortcuts(platforms),
];

const TOPICS: Readonly<Record<string, (io: CliIo) => Promise<string>>> = {
  environment: async () =>
    `${section('Variables', definitions(await environmentVariables()))}\n\n.env is read too; the environment wins.`,
  'exit-codes': async () => section('Exit codes', definitions(EXIT_CODES)),
  shortcuts: async (io) => {
    const rows = allShortcuts(await platformNames(io)).map((shortcut): Example => [
      [shortcut.name, ...shortcut.operands].join(' '),
      shortcut.means.replace(/^sync /, ''),
    ]);
    const after =
      'Options may follow a shortcut, and a word after it replaces the target all:\n' +
      '  appsync sync-full notion';
    return `${section('Shortcuts', definitions(rows))}\n\n${after}`;
  },
};

/** `help`, `help COMMAND…`, `help SHORTCUT` and `help TOPIC`. */
export async function showHelp(
  { io, output }: CommandContext,
  program: Command,
  words: readonly string[],
): Promise<ExitCode> {
  const topic = TOPICS[words[0] ?? ''];
  const text = topic === undefined ? await commandHelp(io, program, words) : await topic(io);
  io.stdout.write(`${helpAsTyped(text, output.program).trimEnd()}\n`);
  return EXIT.ok;
}

async function commandHelp(io: CliIo, program: Command, words: readonly string[]): Promise<string> {
  let command = program;
  for (const word of words) {
    const child = command.commands.find((candidate) => candidate.name() === word);
    if (child === undefined) return shortcutHelp(io, command, word);
    command = child;
  }
  return command.helpInformation();
}

async function shortcutHelp(io: CliIo, command: Command, word: string): Promise<string> {
  const shortcuts = allShortcuts(await platformNames(io));
  const shortcut = shortcuts.find(({ name }) => name === word);
  if (shortcut !== undefined) {
    return `${shortcut.summary}\n\n${section('Means', [`  appsync ${shortcut.means}`])}\n\n${section('Examples', [`  appsync ${shortcut.example}`])}`;
  }
  const known = [
    ...command.commands.map((child) => child.name()),
    ...Object.keys(TOPICS),
    ...shortcuts.map(({ name }) => name),
  ];
  throw usageError(
    `no help on "${word}"`,
    didYouMean(word, known, 'appsync help ') ?? 'appsync help',
  );
}
