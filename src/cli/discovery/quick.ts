import { EXIT, type ExitCode } from '../../errors.ts';
import type { TargetCounts } from '../../catalog/target-counts.ts';
import type { CommandContext } from '../command.ts';
import { shellLine } from '../shell-word.ts';
import { displayWidth } from '../table.ts';
import { formatAmount, formatCount } from '../../units.ts';
import { byUse } from './example-lines.ts';
import { readKnownTargets, type KnownTargets } from './known-targets.ts';
import { targetWords } from './target-words.ts';

/** One row of the screen. */
interface Row {
  readonly words: readonly string[];
  readonly purpose: string;
}

/** Leaves 30 of 80 columns for the purpose. */
const COMMAND_WIDTH = 46;

/** `appsync help quick`: at most 24 lines of 80 columns, whatever the names are. */
export async function showQuick(context: CommandContext): Promise<ExitCode> {
  const { io, output } = context;
  const known = await readKnownTargets(context);
  const sections = quickSections(known, output.program);
  if (output.json) {
    const rows = sections.flatMap(({ rows: each }) => each);
    output.document(
      rows.map(({ words, purpose }) => ({
        command: `${output.program} ${shellLine(words)}`,
        arguments: words,
        purpose,
      })),
    );
    return EXIT.ok;
  }
  const { bold, cyan, dim } = output.paint;
  if (io.stdout.isTTY) output.print(headline(known, output.program));
  for (const { title, rows } of sections) {
    if (io.stdout.isTTY) output.print(bold(title));
    for (const { words, purpose } of rows) {
      const command = `${output.program} ${shellLine(words)}`;
      if (!io.stdout.isTTY) output.print(`${command}\t${purpose}`);
      else {
        const gap = ' '.repeat(Math.max(0, COMMAND_WIDTH - displayWidth(command)));
        output.print(`  ${cyan(command)}${gap}  ${dim(purpose)}`);
      }
    }
  }
  if (!io.stdout.isTTY) output.note(headline(known, output.program));
  return EXIT.ok;
}

function headline({ targets, tags, next }: KnownTargets, program: string): string {
  if (tags.length === 0) return `no sources yet; next: ${program} ${next}`;
  const platforms = targets.filter(({ kind }) => kind === 'platform');
  const total = (key: 'enabled' | 'due') =>
    formatCount(platforms.reduce((sum, platform) => sum + platform[key], 0));
  return `${formatAmount(tags.length, 'source')}, ${total('enabled')} enabled, ${total('due')} due`;
}

/** Rows whose command is too long for the screen are left out: half a command is none. */
export function quickSections(known: KnownTargets, program: string) {
  const fits = ({ words }: Row) => displayWidth(`${program} ${shellLine(words)}`) <= COMMAND_WIDTH;
  const isEmpty = known.tags.length === 0;
  const first: Row = { words: known.next.split(' '), purpose: 'first: find or load sources' };
  const sync: readonly Row[] = [
    ...(isEmpty ? [first] : []),
    { words: ['sync-dry'], purpose: 'what a sync would do' },
    { words: ['sync-due'], purpose: 'sync what is due' },
    { words: ['sync-all'], purpose: 'sync every source' },
    ...namedRows(known, program),
    { words: ['sync-full'], purpose: 'read every record again' },
  ];
  return [
    { title: 'Sync', rows: sync.filter(fits) },
    {
      title: 'Watch',
      rows: [
        { words: ['runs', 'watch'], purpose: 'follow the latest run' },
        { words: ['runs', 'show'], purpose: 'how it went, by source' },
        { words: ['schedule', 'list'], purpose: 'what syncs by itself' },
        { words: ['status'], purpose: 'what runs here' },
      ],
    },
    {
      title: 'Find out',
      rows: [
        { words: ['sync-list'], purpose: 'what can be synced' },
        { words: ['sync-inspect'], purpose: 'tables, and what is wrong' },
        { words: ['sync-examples'], purpose: 'examples with your names' },
        { words: ['sync-cheat'], purpose: 'all names; a menu' },
        { words: ['help', 'sync'], purpose: 'every option' },
      ],
    },
  ] as const satisfies readonly { readonly title: string; readonly rows: readonly Row[] }[];
}

/** For each kind the most used target whose command fits. */
function namedRows(known: KnownTargets, program: string): readonly Row[] {
  const words = targetWords(known);
  const kinds: readonly (readonly [TargetCounts['kind'], string])[] = [
    ['platform', 'one platform'],
    ['app', 'one application'],
    ['component', 'one component'],
    ['source', 'one source'],
    ['vault', 'one vault'],
    ['user', 'the sources of one user'],
  ];
  return kinds.flatMap(([kind, purpose]) => {
    const used = byUse(known.targets, kind).map((target) => words(target));
    const found = used.find(
      (each) => displayWidth(`${program} ${shellLine(each)}`) <= COMMAND_WIDTH,
    );
    return found === undefined ? [] : [{ words: found, purpose }];
  });
}
