import { TARGET_KINDS, type TargetCounts } from '../../catalog/target-counts.ts';
import { EXIT, type ExitCode } from '../../errors.ts';
import { platformNames, type CommandContext } from '../command.ts';
import { allShortcuts } from '../help-topics.ts';
import { shellLine } from '../shell-word.ts';
import type { Shortcut } from '../shortcuts.ts';
import { plainText } from '../table.ts';
import { formatAmount } from '../../units.ts';
import { printCommands, type CommandLine } from './command-lines.ts';
import { noteEmpty, readKnownTargets, type KnownTargets } from './known-targets.ts';
import { KIND_NAMES, MOST_OF_A_KIND, noteRest } from './targets.ts';
import { targetWords } from './target-words.ts';

interface SheetRow extends CommandLine {
  readonly name: string;
  readonly sources: number;
}

interface SheetSection {
  readonly kind: TargetCounts['kind'];
  readonly rows: readonly SheetRow[];
}

/** `appsync help cheat`: the sheet, and on a terminal the menu. */
export async function showCheatSheet(context: CommandContext, menu: boolean): Promise<ExitCode> {
  const { io, output } = context;
  const known = await readKnownTargets(context);
  const sections = sheetSections(known, output.program);
  const shortcuts = allShortcuts(await platformNames(io));
  if (output.json) {
    output.document(sheetDocument(sections, shortcuts));
    return EXIT.ok;
  }
  if (io.stdout.isTTY) printSheet(context, known, sections, shortcuts);
  else printLines(context, sections, shortcuts);
  noteEmpty(context, known);
  const answers = io.stdin.isTTY === true && io.stdout.isTTY && io.stderr.isTTY;
  if (!menu || !answers || known.tags.length === 0) return EXIT.ok;
  const { runMenu } = await import('./menu.ts');
  return runMenu(context, known);
}

function sheetSections(known: KnownTargets, program: string): readonly SheetSection[] {
  const words = targetWords(known);
  return TARGET_KINDS.map((kind) => ({
    kind,
    rows: known.targets
      .filter((target) => target.kind === kind)
      .map((target) => ({
        name: target.word,
        sources: target.sources,
        command: `${program} ${shellLine(words(target))}`,
        purpose: purposeOf(target),
      })),
  }));
}

/** What people call it, and how many sources there are. */
function purposeOf({ kind, word, name, sources, enabled }: TargetCounts): string {
  if (kind === 'source') return enabled === 0 ? 'disabled' : '';
  const amount = formatAmount(sources, 'source');
  return name === word ? amount : `${name}, ${amount}`;
}

const usage = ({ name, operands }: Shortcut) => [name, ...operands].join(' ');

const sheetDocument = (sections: readonly SheetSection[], shortcuts: readonly Shortcut[]) => ({
  ...Object.fromEntries(
    sections.map(({ kind, rows }) => [
      `${KIND_NAMES[kind]}s`,
      rows.map(({ name, command, sources }) => ({ name, command, sources })),
    ]),
  ),
  shortcuts: shortcuts.map((shortcut) => ({
    shortcut: usage(shortcut),
    means: shortcut.means,
    summary: shortcut.summary,
  })),
});

function printSheet(
  context: CommandContext,
  { targets }: KnownTargets,
  sections: readonly SheetSection[],
  shortcuts: readonly Shortcut[],
): void {
  const { bold } = context.output.paint;
  for (const { kind, rows } of sections.filter((section) => section.rows.length > 0)) {
    context.output.print(
      bold(`${KIND_NAMES[kind][0]?.toUpperCase()}${KIND_NAMES[kind].slice(1)}s`),
    );
    printCommands(context, rows.slice(0, MOST_OF_A_KIND));
  }
  context.output.print(bold('Shortcuts'));
  printCommands(
    context,
    shortcuts.map((shortcut) => ({
      command: `${context.output.program} ${usage(shortcut)}`,
      purpose: shortcut.summary,
    })),
  );
  noteRest(context, targets);
}

function printLines(
  { output }: CommandContext,
  sections: readonly SheetSection[],
  shortcuts: readonly Shortcut[],
): void {
  for (const { kind, rows } of sections) {
    for (const { name, command } of rows) {
      output.print([KIND_NAMES[kind], plainText(name), command].join('\t'));
    }
  }
  for (const shortcut of shortcuts) {
    output.print(['shortcut', usage(shortcut), shortcut.means].join('\t'));
  }
}
