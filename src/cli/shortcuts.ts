import { usageError } from '../errors.ts';
import { didYouMean } from './suggest.ts';
import { separateWords } from './sync-options.ts';

/** What every shortcut begins with. */
export const PREFIX = 'sync-';

/** A word that stands for a longer command. */
export interface Shortcut {
  readonly name: string;
  /** Words that must follow, by the placeholders that `means` uses. */
  readonly operands: readonly string[];
  readonly means: string;
  readonly summary: string;
  /** What an example gives for the operands. */
  readonly example: string;
  /** Stands for nothing by itself: at least one option must follow. */
  readonly needsOptions?: boolean;
}

/** Every shortcut but `sync-<platform>`, which follows from the platforms. A row is all that a new one needs. */
export const SHORTCUTS: readonly Shortcut[] = [
  row('sync-all', 'sync all', 'Sync every source of every platform'),
  row('sync-app A', 'sync all --app A', 'Sync one application', 'skyflow'),
  row('sync-component C', 'sync all --component C', 'Sync one component', 'task'),
  row('sync-artefacts', 'sync all --component artefact', 'Sync every artefact'),
  row('sync-source S', 'sync all --source S', 'Sync one source', 'skyflow-artefacts'),
  row('sync-vault V', 'sync all --vault V', 'Sync one vault', 'main'),
  row('sync-user U', 'sync all --user U', 'Sync the sources of one user', 'ops'),
  row('sync-due', 'sync all --only-due', 'Sync enabled sources that are due'),
  row('sync-enabled', 'sync all --only-enabled', 'Sync enabled sources'),
  row('sync-dry', 'sync all --dry-run', 'Show what a sync would do; write nothing'),
  row('sync-fast', 'sync all --preset fast', 'Sync with more requests and sources at once'),
  row('sync-safe', 'sync all --preset safe', 'Sync with fewer requests and sources at once'),
  row('sync-full', 'sync all --no-incremental', 'Read every record, whatever is known already'),
  row(
    'sync-legacy',
    'sync all --no-incremental --no-streaming --max-concurrent 1 --pool-size 1',
    'Read everything, one source at a time, publish each at its end',
  ),
  row(
    'sync-app-component A C',
    'sync all --app A --component C',
    'Sync one component of an application',
    'skyflow artefact',
  ),
  row(
    'sync-platform-component P C',
    'sync all --platform P --component C',
    'Sync one component of a platform',
    'notion artefact',
  ),
  row('sync-app-fast A', 'sync all --app A --preset fast', 'Sync one application fast', 'skyflow'),
  {
    ...row('sync-custom', 'sync all', 'Sync with the options that follow', '--batch-size 500'),
    needsOptions: true,
  },
  row('sync-list', 'sources targets', 'List everything that can be synced by name'),
  row('sync-inspect', 'sources inspect', 'Show sources and their tables, and what is wrong'),
  row('sync-cheat', 'help cheat', 'Show every name and shortcut; on a terminal, choose and run'),
  row('sync-quick', 'help quick', 'Show the most used commands, on one screen'),
  row('sync-examples', 'help examples', 'Show examples with the names of this installation'),
];

function row(usage: string, means: string, summary: string, operandExample = ''): Shortcut {
  const [name = '', ...operands] = usage.split(' ');
  return { name, operands, means, summary, example: `${name} ${operandExample}`.trim() };
}

/** `sync-notion`, `sync-airtable`, …: one for every platform that is registered. */
export function platformShortcuts(platforms: Iterable<string>): readonly Shortcut[] {
  return [...platforms].map((name) =>
    row(`sync-${name}`, `sync ${name}`, `Sync every source of ${name}`),
  );
}

/**
 * The command that a shortcut and the words after it stand for. A word beyond the operands replaces the
 * target `all`; options of the person come last, so that they win over the shortcut's own.
 */
export function expandShortcut(shortcut: Shortcut, rest: readonly string[]): readonly string[] {
  const { words, options } = separateWords(rest);
  if (options.some((option) => option === '--help' || option === '-h')) {
    const [command = '', ...others] = shortcut.means.split(' ');
    return command === 'sync' ? [command, '--help'] : [command, ...others, '--help'];
  }
  const missing = shortcut.operands[words.length] ?? '';
  if (missing !== '' || words.slice(0, shortcut.operands.length).includes('')) {
    throw usageError(
      `${shortcut.name} needs ${shortcut.operands.join(' and ')}`,
      `appsync ${shortcut.example}`,
    );
  }
  if (shortcut.needsOptions === true && options.length === 0) {
    throw usageError(`${shortcut.name} needs at least one option`, `appsync ${shortcut.example}`);
  }
  const [command = '', ...meant] = shortcut.means
    .split(' ')
    .map((token) => words[shortcut.operands.indexOf(token)] ?? token);
  const extra = words.slice(shortcut.operands.length);
  if (extra.length > 0 && command === 'sync' && meant[0] !== 'all') {
    throw usageError(
      `${shortcut.name} takes no target`,
      `appsync sync ${extra.join(' ')} --platform ${meant[0] ?? ''}`,
    );
  }
  const replaced =
    extra.length > 0 && meant[0] === 'all' ? [...extra, ...meant.slice(1)] : [...meant, ...extra];
  return [command, ...replaced, ...options];
}

/** The shortcut of that name; throws a usage error with the nearest names when there is none. */
export async function findShortcut(
  name: string,
  platformNames: () => Promise<readonly string[]>,
): Promise<Shortcut> {
  const fixed = SHORTCUTS.find((shortcut) => shortcut.name === name);
  if (fixed !== undefined) return fixed;
  const all = [...SHORTCUTS, ...platformShortcuts(await platformNames())];
  const found = all.find((shortcut) => shortcut.name === name);
  if (found !== undefined) return found;
  const endings = all.map((shortcut) => shortcut.name.slice(PREFIX.length));
  throw usageError(
    `unknown shortcut ${name}`,
    didYouMean(name.slice(PREFIX.length), endings, `appsync ${PREFIX}`) ?? 'appsync help shortcuts',
  );
}
