import { buildProgram } from './program.ts';
import { SHORTCUTS } from './shortcuts.ts';

/** Names of the commands, from the tree itself. */
export const commandNames = (): readonly string[] =>
  buildProgram(
    async () => {},
    () => {},
  ).commands.map((command) => command.name());

/** Words that the launcher takes for itself. */
const LAUNCHER_WORDS = ['test', 'check'];

/** What no source may be called: `appsync NAME` has to mean one thing. */
export const reservedNames = (): readonly string[] => [
  ...LAUNCHER_WORDS,
  ...commandNames(),
  ...SHORTCUTS.map(({ name }) => name),
];
