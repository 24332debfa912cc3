import type { Command } from 'commander';
import { setExamples } from '../help.ts';
import type { RunWork } from '../program.ts';
import { addFilterOptions, syncRequest, type SyncFlags } from '../sync-options.ts';

const JSON_OPTION = ['--json', 'print one JSON document on stdout'] as const;

/** `appsync sources list`, `targets` and `inspect`: what there is, and how it stands. */
export function addInspection(sources: Command, run: RunWork): void {
  addList(sources, run);
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

function addList(sources: Command, run: RunWork): void {
  const list = sources
    .command('list')
    .summary('List the sources')
    .description(
      'List the sources with their schedule, status and latest sync, and what fails over and over. On a terminal ' +
        'at most 40; a pipe gets all.',
    )
    .argument('[target]', 'platform, application slug, source alias, or all');
  addFilterOptions(list)
    .option(...JSON_OPTION)
    .action((target: string | undefined, flags: SyncFlags) =>
      run(async (context) => {
        const { listSources } = await import('../sources.ts');
        return listSources(context, target, syncRequest(target, flags).filters);
      }),
    );
  setExamples(list, [
    ['appsync sources list', 'what can be synced, and when it was last'],
    ['appsync sources list skyflow --only-due', 'what of an application is due'],
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
