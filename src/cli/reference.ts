import type { Command } from 'commander';
import { builtInPlatforms } from '../platforms/registry.ts';
import { byHeading, examplesOf, type Example } from './help.ts';
import { EXIT_CODES, allShortcuts, environmentVariables } from './help-topics.ts';

/** The reference of the command line as Markdown: made from the command tree, never by hand. */
export async function renderReference(program: Command): Promise<string> {
  const shortcuts = allShortcuts(builtInPlatforms().keys()).map(
    ({ name, operands, means, summary }): string[] => [
      code([name, ...operands].join(' ')),
      code(means.replace(/^sync /, '')),
      summary,
    ],
  );
  const sections = [
    '# Command line',
    'Made by `appsync dev docs`. In a checkout, `./dj.sh` stands for `appsync`.',
    '`appsync <target>` syncs a platform, an application, a source, or `all`; it is short for ' +
      '`appsync sync <target>`.',
    examplesBlock(program),
    ...commandsOf(program).map(({ command, path }) => commandSection(command, path)),
    '## Shortcuts',
    'Options may follow a shortcut; a word after it replaces the target `all`, so that ' +
      '`appsync sync-full notion` reads Notion whole.',
    table(['shortcut', 'stands for', 'what it does'], shortcuts),
    '## Exit codes',
    pairs(['code', 'meaning'], EXIT_CODES),
    '## Environment',
    '`.env` in the working directory is read too; the environment wins.',
    pairs(['variable', 'meaning'], await environmentVariables()),
  ];
  return `${sections.join('\n\n')}\n`;
}

interface NamedCommand {
  readonly command: Command;
  readonly path: string;
}

/** Every command that does something; a group does when it takes arguments itself. */
function commandsOf(parent: Command, path = 'appsync'): readonly NamedCommand[] {
  return parent.commands.flatMap((command) => {
    const own = `${path} ${command.name()}`;
    const works = command.commands.length === 0 || command.registeredArguments.length > 0;
    return [...(works ? [{ command, path: own }] : []), ...commandsOf(command, own)];
  });
}

function commandSection(command: Command, path: string): string {
  const args = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  const groups = byHeading(command.options, (option) => option.helpGroupHeading ?? 'Options:');
  const options = [...groups.values()].flat();
  return [
    `## \`${[path, ...args].join(' ')}\``,
    `${command.description() || command.summary()}.`.replace('..', '.'),
    examplesBlock(command),
    ...(options.length === 0
      ? []
      : [
          pairs(
            ['option', 'meaning'],
            options.map((option) => [option.flags, option.description]),
          ),
        ]),
  ].join('\n\n');
}

function examplesBlock(command: Command): string {
  const examples = examplesOf(command);
  const widest = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, purpose]) =>
    purpose === '' ? line : `${line.padEnd(widest)}  # ${purpose}`,
  );
  return ['```sh', ...lines, '```'].join('\n');
}

const pairs = (headers: readonly string[], rows: readonly Example[]): string =>
  table(
    headers,
    rows.map(([term, meaning]) => [code(term), escapeCell(meaning)]),
  );

const table = (headers: readonly string[], rows: readonly (readonly string[])[]): string =>
  [headers, headers.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const code = (text: string) => `\`${text}\``;
const escapeCell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
