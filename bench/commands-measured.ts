/** One command line that is measured. */
export interface MeasuredLine {
  readonly name: string;
  readonly args: readonly string[];
  /** Through dj.sh, as a person calls it. */
  readonly launcher?: boolean;
  /** What it may take. */
  readonly limitMs: number;
}

const HELP_MS = 200;
const LAUNCHER_MS = 600;
const COMMAND_MS = 1_000;

/** A source of every installation that has some. */
const SOURCE = 'tasks-0001';

const HELP = ['--help', 'sync -h', 'sources list -h', 'runs show -h', 'help shortcuts'];

const COMPLETION = [
  '__complete bash notion,airtable sync',
  '__complete bash notion,airtable sync --source ta',
  '__complete bash notion,airtable runs show 2',
];

const COMMANDS = [
  'sync-list',
  'sync-list --json',
  'sync-inspect',
  'sync-inspect --json',
  `sync-inspect ${SOURCE}`,
  'sync-quick',
  'sync-examples',
  'sync-cheat --no-menu',
  'sync-cheat --json',
  'sync-dry',
  'sync all --dry-run --json',
  'sync notion --dry-run --app skyflow',
  'health',
  'health --json',
  'stats',
  'stats --json',
  'runs list',
  'runs list --json',
  'runs show',
  'runs show --json',
  'sources list',
  'sources list --json',
  'sources apply',
  'schedule list',
  'quarantine list',
  'up',
  'status',
  'status --json',
  'env',
  'config show',
  'doctor',
  'doctor --offline',
];

/** Every command that only reads, and `sources apply` and `up`, which have nothing to do. */
export function commandLines(sources: number): readonly MeasuredLine[] {
  const line = (limitMs: number) => (text: string) => ({
    name: text,
    args: text.split(' '),
    limitMs,
  });
  return [
    ...HELP.map(line(HELP_MS)),
    ...COMPLETION.map(line(HELP_MS)),
    { name: './dj.sh --help', args: ['--help'], launcher: true, limitMs: HELP_MS },
    { name: './dj.sh sync-list', args: ['sync-list'], launcher: true, limitMs: LAUNCHER_MS },
    ...COMMANDS.filter((text) => sources > 0 || !text.includes(SOURCE)).map(line(COMMAND_MS)),
  ];
}
