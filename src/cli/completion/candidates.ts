import type { Command, Option } from 'commander';
import { SHORTCUTS, platformShortcuts } from '../shortcuts.ts';
import type { NameKind } from './names.ts';
import { SHELLS } from './scripts.ts';

/** Where names come from. */
export interface Names {
  /** Given by the script: the registry takes longer to load than a shell should wait. */
  readonly platforms: readonly string[];
  /** Looks up names of this installation. */
  readonly find: (kind: NameKind) => Promise<readonly string[]>;
}

/** What an argument or option of this name takes. */
const KINDS: Readonly<Record<string, NameKind | 'target' | 'platform' | 'shell'>> = {
  target: 'target',
  alias: 'source',
  source: 'source',
  run: 'run',
  app: 'app',
  component: 'component',
  vault: 'vault',
  user: 'user',
  platform: 'platform',
  shell: 'shell',
  A: 'app',
  C: 'component',
  P: 'platform',
  S: 'source',
  U: 'user',
  V: 'vault',
};

/** Everything that may stand where the last word is, in any order; `words` follow the program's name. */
export async function candidates(
  program: Command,
  words: readonly string[],
  names: Names,
): Promise<readonly string[]> {
  const current = words.at(-1) ?? '';
  const { command, operands, given } = place(program, words.slice(0, -1), names);
  const before = words.at(-2) ?? '';
  // bash splits words at `=`.
  const name = before === '=' ? (words.at(-3) ?? '') : before;
  const asked = command.options.find(({ long, short }) => name === long || name === short);
  if (asked !== undefined && asked.required) return valuesOf(asked, names);
  const [long, value] = current.split('=');
  const joined = command.options.find((option) => option.long === long && option.required);
  if (joined !== undefined && value !== undefined) {
    return (await valuesOf(joined, names)).map((one) => `${long ?? ''}=${one}`);
  }
  if (current.startsWith('-')) return command.options.flatMap((option) => option.long ?? []);
  const wanted = operands[given];
  const found = wanted === undefined ? [] : await namesFor(wanted, names);
  if (command !== program) return [...command.commands.map((child) => child.name()), ...found];
  const shortcuts = shortcutsOf(names).map((shortcut) => shortcut.name);
  const commands = command.commands.map((child) => child.name());
  return [...commands, ...shortcuts, ...(await namesFor('target', names))];
}

const shortcutsOf = ({ platforms }: Names) => [...SHORTCUTS, ...platformShortcuts(platforms)];

/** The command that the words before lead to, what it takes, and how much of that was given. */
function place(program: Command, words: readonly string[], names: Names) {
  let command = program;
  let operands: readonly string[] = [];
  let given = 0;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const option = command.options.find(({ long }) => long === word);
    if (option?.required === true) index += words[index + 1] === '=' ? 2 : 1;
    if (word.startsWith('-')) continue;
    const child = command.commands.find((one) => one.name() === word);
    if (child !== undefined) {
      command = child;
      operands = child.registeredArguments.map((argument) => argument.name());
    } else if (command === program) {
      // Any other first word is a shortcut or a target, and both are syncs.
      const shortcut = shortcutsOf(names).find((one) => one.name === word);
      command = program.commands.find((one) => one.name() === 'sync') ?? program;
      operands = shortcut?.operands ?? [];
    } else given += 1;
  }
  return { command, operands, given };
}

async function valuesOf(option: Option, names: Names): Promise<readonly string[]> {
  return option.argChoices ?? namesFor(option.attributeName(), names);
}

async function namesFor(what: string, names: Names): Promise<readonly string[]> {
  const kind = KINDS[what];
  if (kind === undefined) return [];
  if (kind === 'platform') return names.platforms;
  if (kind === 'shell') return SHELLS;
  if (kind !== 'target') return names.find(kind);
  return ['all', ...names.platforms, ...(await names.find('app')), ...(await names.find('source'))];
}
