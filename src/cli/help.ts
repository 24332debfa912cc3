import type { Command, Help, Option } from 'commander';
import { SHORTCUTS } from './shortcuts.ts';

/** A command line and what it is for. */
export type Example = readonly [line: string, purpose: string];

const WIDTH = 80;
const INDENT = '  ';
const examples = new WeakMap<Command, readonly Example[]>();

export function setExamples(command: Command, lines: readonly Example[]): void {
  examples.set(command, lines);
}

export const examplesOf = (command: Command): readonly Example[] => examples.get(command) ?? [];

/** The help of a command: what it does, how it is written, examples first, then its parts by group. */
export function formatHelp(command: Command, helper: Help): string {
  const isRoot = command.parent === null;
  const sections = [
    wrap(command.description() || command.summary(), WIDTH).join('\n'),
    section('Usage', [
      `${INDENT}${helper.commandUsage(command).replace(' [options] [command]', ' <command>')}`,
    ]),
    section('Examples', definitions(examplesOf(command))),
    ...optionSections(command, helper),
    ...commandSections(command),
    ...(isRoot ? [shortcutSection(), section('More', definitions(MORE))] : []),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

const MORE: readonly Example[] = [
  ['appsync help sync', 'every option of a sync'],
  ['appsync help shortcuts', 'what every shortcut stands for'],
  ['appsync help environment', 'variables that are read'],
  ['appsync help exit-codes', 'what the exit codes mean'],
];

/** Groups of things by their heading, in order of appearance. */
export function byHeading<T>(items: readonly T[], heading: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = heading(item).replace(/:$/, '');
    groups.set(name, [...(groups.get(name) ?? []), item]);
  }
  return groups;
}

function optionSections(command: Command, helper: Help): readonly string[] {
  if (command.parent === null) return [];
  const heading = (option: Option) => option.helpGroupHeading ?? 'Options:';
  const groups = byHeading(helper.visibleOptions(command), heading);
  return [...groups].map(([name, options]) =>
    section(name, definitions(options.map((option) => [option.flags, option.description]))),
  );
}

function commandSections(command: Command): readonly string[] {
  const groups = byHeading(command.commands, (child) => child.helpGroup() || 'Commands:');
  return [...groups].map(([name, children]) =>
    section(name, definitions(children.map((child) => [child.name(), child.summary()]))),
  );
}

function shortcutSection(): string {
  const rows = SHORTCUTS.map((shortcut): Example => [
    [shortcut.name, ...shortcut.operands].join(' '),
    shortcut.summary,
  ]);
  const platforms: Example = ['sync-<platform>', 'Sync a platform: sync-notion, sync-airtable, …'];
  return section('Shortcuts', definitions([...rows.slice(0, 1), platforms, ...rows.slice(1)]));
}

export function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [`${title}:`, ...lines].join('\n');
}

/** Terms with what they mean beside them, wrapped to 80 columns. */
export function definitions(rows: readonly Example[]): readonly string[] {
  const widest = Math.max(0, ...rows.map(([term]) => term.length));
  const column = Math.min(widest, 34);
  return rows.flatMap(([term, meaning]) => {
    const lines = wrap(meaning, WIDTH - INDENT.length * 2 - column);
    const [first = '', ...rest] = term.length > column && meaning !== '' ? ['', ...lines] : lines;
    const indent = ' '.repeat(INDENT.length * 2 + column);
    return [
      `${INDENT}${term.padEnd(column)}${INDENT}${first}`.trimEnd(),
      ...rest.map((line) => indent + line),
    ];
  });
}

/** Lines of at most `width` characters, broken between words. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length > width && line !== '') {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
