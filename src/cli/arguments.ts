import { usageError } from '../errors.ts';
import { PREFIX, expandShortcut, findShortcut } from './shortcuts.ts';
import { separateWords } from './sync-options.ts';

/** Names that the first word of a command line is looked up in. */
export interface KnownWords {
  readonly commands: ReadonlySet<string>;
  readonly platformNames: () => Promise<readonly string[]>;
}

const ASKS_FOR_HELP: ReadonlySet<string> = new Set(['-h', '--help', '-V', '--version']);

/**
 * The command line with its first word made explicit: a command stays, a shortcut becomes what it stands
 * for, and any other word is a target, so that `appsync notion` is `appsync sync notion`.
 */
export async function resolveArguments(
  argv: readonly string[],
  known: KnownWords,
): Promise<readonly string[]> {
  const [first, ...rest] = argv;
  if (first === undefined) return ['help'];
  if (known.commands.has(first) || ASKS_FOR_HELP.has(first)) return argv;
  if (first.startsWith(PREFIX)) {
    return expandShortcut(await findShortcut(first, known.platformNames), rest);
  }
  if (!first.startsWith('-')) return ['sync', ...argv];
  return resolveArguments(wordFirst(argv), known);
}

/** `--json notion` → `notion --json`. Options alone are no command: too much would be synced by a slip. */
function wordFirst(argv: readonly string[]): readonly string[] {
  const { words, options } = separateWords(argv);
  const help = options.find((option) => ASKS_FOR_HELP.has(option));
  if (help !== undefined) return [help];
  const [word, ...others] = words;
  if (word === undefined || word === '') {
    throw usageError('these options come without a target', `appsync all ${options.join(' ')}`);
  }
  return [word, ...others, ...options];
}
