import type { Command } from 'commander';
import { setExamples } from '../help.ts';
import type { RunWork } from '../program.ts';

const JSON_OPTION = ['--json', 'print one JSON document on stdout'] as const;

/** `appsync sources targets` and `appsync sources inspect`: what there is, and how it stands. */
export function addInspection(sources: Command, run: RunWork): void {
  const targets = sources
    .command('targets')
    .summary('List everything that can be synced by name')
    .description(
      'List the platforms, applications, components, sources, vaults and users that a sync can name, with their ' +
        'enabled and all sources, how many are due, the worst status and the latest sync. On a terminal at most 20 ' +
        'of a kind; a pipe gets all.',
    )
    .option(...JSON_OPTION)
    .action(() => run(async (context) => (await import('./targets.ts')).showTargets(context)));
  setExamples(targets, [
    ['appsync sources targets', 'what can be synced, by which name'],
    ['appsync sync-list --json', 'the same, as JSON'],
  ]);
  const inspect = sources
    .command('inspect')
    .summary('Show sources and their tables, and what is wrong with them')
    .description(
      'Show sources and their tables as they are in Postgres: rows, size, columns that were lost or altered, and ' +
        'what is misconfigured, with the command that mends it. A source or table by name gives its settings and ' +
        "columns, too. Counts with ~ are Postgres's estimates.",
    )
    .argument('[source]', 'alias of a source, or its table')
    .option(...JSON_OPTION)
    .action((name: string | undefined) =>
      run(async (context) => (await import('./inspect.ts')).inspectSources(context, name)),
    );
  setExamples(inspect, [
    ['appsync sources inspect', 'every source, and what is wrong'],
    ['appsync sources inspect skyflow-artefacts', 'one source with its columns'],
    ['appsync sync-inspect notion.skyflow_artefacts --json', 'by its table, as JSON'],
  ]);
}

/** `appsync help quick`, `examples` and `cheat`: how this installation's own names are used. */
export function addHelpScreens(help: Command, run: RunWork): void {
  const quick = help
    .command('quick')
    .summary('The most used commands, on one screen')
    .option(...JSON_OPTION)
    .action(() => run(async (context) => (await import('./quick.ts')).showQuick(context)));
  setExamples(quick, [['appsync sync-quick', 'with the names of this installation']]);
  const examples = help
    .command('examples')
    .summary('Examples with the names of this installation')
    .option(...JSON_OPTION)
    .action(() => run(async (context) => (await import('./examples.ts')).showExamples(context)));
  setExamples(examples, [
    ['appsync sync-examples', 'for each day, and for when something is wrong'],
  ]);
  const cheat = help
    .command('cheat')
    .summary('Every name, shortcut and option; on a terminal a menu')
    .description(
      'Show every name and shortcut of this installation. On a terminal a menu follows: choose what to sync, adjust ' +
        'the options, see the command, run it.',
    )
    .option('--no-menu', 'the sheet alone')
    .option(...JSON_OPTION)
    .action((flags: { menu: boolean }) =>
      run(async (context) => (await import('./cheat.ts')).showCheatSheet(context, flags.menu)),
    );
  setExamples(cheat, [
    ['appsync sync-cheat', 'choose, see the command, run it'],
    ['appsync sync-cheat --no-menu', 'the sheet alone'],
  ]);
}
