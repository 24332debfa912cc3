import { Writable } from 'node:stream';
import { checkbox, search, select } from '@inquirer/prompts';
import { EXIT, type ExitCode } from '../../errors.ts';
import type { CommandContext } from '../command.ts';
import type { CliIo } from '../io.ts';
import { hasColours } from '../output.ts';
import { shellLine } from '../shell-word.ts';
import { plainText } from '../table.ts';
import { formatAmount } from '../../units.ts';
import type { KnownTargets } from './known-targets.ts';
import { targetWords } from './target-words.ts';
import { KIND_NAMES } from './targets.ts';

/** Where one prompt reads keys and draws. A prompt ends its output, so each gets one of its own. */
type Terminal = () => {
  readonly input: NodeJS.ReadableStream;
  readonly output: Writable;
  readonly signal: AbortSignal;
};

/** What prompts throw on Ctrl-C, and when there is nobody left to answer. */
const LEFT: ReadonlySet<string> = new Set(['ExitPromptError', 'AbortPromptError']);

const FLAGS = [
  { value: '--dry-run', name: 'show the plan; write nothing' },
  { value: '--no-incremental', name: 'read every record, whatever is known already' },
  { value: '--only-enabled', name: 'leave out sources that are disabled' },
  { value: '--only-due', name: 'enabled sources whose time has come' },
  { value: '--no-streaming', name: 'stage everything, publish once' },
  { value: '--no-wait', name: 'return as soon as the run has started' },
  { value: '--verbose', name: 'say more' },
] as const;

const PACES = [
  { value: [], name: 'as usual' },
  { value: ['--preset', 'safe'], name: 'safe: fewer requests and sources at once' },
  { value: ['--preset', 'fast'], name: 'fast: more requests and sources at once' },
] as const;

/** Choose a target, adjust options, see the command, run it. Ctrl-C leaves at any time (exit code 130). */
export async function runMenu(context: CommandContext, known: KnownTargets): Promise<ExitCode> {
  const { io } = context;
  const hangUp = new AbortController();
  const leave = () => hangUp.abort();
  io.stdin.once('end', leave);
  const terminal: Terminal = () => ({
    input: io.stdin,
    output: drawingOn(io),
    signal: hangUp.signal,
  });
  try {
    const words = await compose(context, known, terminal);
    if (words === null) return EXIT.ok;
    const { runCli } = await import('../main.ts');
    return await runCli(words, io);
  } catch (error) {
    if (error instanceof Error && LEFT.has(error.name)) return EXIT.interrupted;
    throw error;
  } finally {
    io.stdin.off('end', leave);
  }
}

/** The words of the command that is to be run; null: none. */
async function compose(
  { output }: CommandContext,
  known: KnownTargets,
  terminal: Terminal,
): Promise<readonly string[] | null> {
  let target = await chooseTarget(known, terminal);
  let options: readonly string[] = [];
  for (;;) {
    const words = [...target, ...options];
    output.note(`\n  ${output.notePaint.cyan(`${output.program} ${shellLine(words)}`)}\n`);
    const next = await select(
      {
        message: 'This command',
        choices: [
          { value: 'run', name: 'run it' },
          { value: 'options', name: 'adjust its options' },
          { value: 'target', name: 'choose another target' },
          { value: 'leave', name: 'leave' },
        ],
      },
      terminal(),
    );
    if (next === 'run') return words;
    if (next === 'leave') return null;
    if (next === 'target') target = await chooseTarget(known, terminal);
    else options = await chooseOptions(options, terminal);
  }
}

function chooseTarget(known: KnownTargets, terminal: Terminal): Promise<readonly string[]> {
  const words = targetWords(known);
  const all = {
    value: ['all'] as readonly string[],
    name: 'all',
    description: formatAmount(known.tags.length, 'source'),
  };
  const choices = [
    all,
    ...known.targets
      .filter(({ sources }) => sources > 0)
      .map((target) => ({
        value: words(target),
        name: `${plainText(target.word)} (${KIND_NAMES[target.kind]})`,
        description: `${plainText(target.name)}: ${formatAmount(target.sources, 'source')}`,
      })),
  ];
  return search(
    {
      message: 'What to sync? (type to search)',
      source: (term) => {
        const wanted = (term ?? '').toLowerCase();
        return choices.filter(({ name, description }) =>
          `${name} ${description}`.toLowerCase().includes(wanted),
        );
      },
    },
    terminal(),
  );
}

async function chooseOptions(
  former: readonly string[],
  terminal: Terminal,
): Promise<readonly string[]> {
  const flags = await checkbox<string>(
    {
      message: 'Options',
      choices: FLAGS.map(({ value, name }) => ({
        value,
        name: `${value.padEnd(17)} ${name}`,
        checked: former.includes(value),
      })),
    },
    terminal(),
  );
  const pace = await select<readonly string[]>({ message: 'How fast', choices: PACES }, terminal());
  return [...flags, ...pace];
}

// oxlint-disable-next-line no-control-regex
const COLOURS = /\u001b\[[\d;]*m/g;

/** The person's terminal as the prompts want it; they ask on stderr, because nothing of it is data. */
function drawingOn({ stderr, env }: CliIo): Writable {
  const isPlain = !hasColours(env, stderr);
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string | Buffer, _encoding, done) => {
      stderr.write(isPlain ? String(chunk).replaceAll(COLOURS, '') : String(chunk));
      done();
    },
  });
  Object.defineProperties(stream, {
    isTTY: { get: () => stderr.isTTY },
    columns: { get: () => stderr.columns },
    rows: { get: () => stderr.rows },
  });
  return stream;
}
