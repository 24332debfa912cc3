import type { Command } from 'commander';
import { group } from './command-group.ts';
import { setExamples } from './help.ts';
import type { RunWork } from './program.ts';

const TARGET = 'platform, application slug, source alias, or all';
const JSON_OPTION = ['--json', 'print one JSON document on stdout'] as const;

/** `appsync quarantine …`: what could not be written, and what to do with it. */
export function addQuarantineCommands(program: Command, run: RunWork): void {
  const quarantine = group(
    program,
    'quarantine',
    'Records that could not be converted or written',
    'Watch:',
  );
  addList(quarantine, run);
  addRetry(quarantine, run);
  addDrop(quarantine, run);
}

function addList(quarantine: Command, run: RunWork): void {
  const list = quarantine
    .command('list')
    .summary('List the records in quarantine, with the reasons')
    .argument('[target]', `${TARGET}; without it: all`)
    .option(...JSON_OPTION)
    .action((target: string | undefined) =>
      run(async (context) => (await import('./quarantine.ts')).showQuarantine(context, target)),
    );
  setExamples(list, [
    ['appsync quarantine list', 'every record that waits'],
    ['appsync quarantine list skyflow-artefacts --json', 'with the records as they came'],
  ]);
}

function addRetry(quarantine: Command, run: RunWork): void {
  const retry = quarantine
    .command('retry')
    .summary('Convert and write them again, from what is stored')
    .description(
      'Convert and write the records in quarantine again, with this version of the program and the ' +
        'columns of now. Sources that a run is syncing are left alone.',
    )
    .argument('[target]', `${TARGET}; without it: all`)
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .action((target: string | undefined, flags: { yes?: boolean }) =>
      run(async (context) => {
        const { retryQuarantine } = await import('./quarantine-retry.ts');
        return retryQuarantine(context, { target, yes: flags.yes === true });
      }),
    );
  setExamples(retry, [['appsync quarantine retry --yes', 'after an upgrade, say']]);
}

function addDrop(quarantine: Command, run: RunWork): void {
  const drop = quarantine
    .command('drop')
    .summary('Let records stay unwritten')
    .description(
      'Let records stay unwritten: they no longer keep their source from being complete, until they ' +
        'change on the platform.',
    )
    .argument('[target]', TARGET)
    .option('--record <id...>', 'these records only, by the id that list shows')
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .action((target: string | undefined, flags: { record?: string[]; yes?: boolean }) =>
      run(async (context) => {
        const { dropFromQuarantine } = await import('./quarantine.ts');
        const records = flags.record ?? [];
        return dropFromQuarantine(context, { target, records, yes: flags.yes === true });
      }),
    );
  setExamples(drop, [
    ['appsync quarantine drop skyflow-artefacts', 'all of a source, after asking'],
    ['appsync quarantine drop --record recXb12Cd34Ef56Gh --yes', 'one record'],
  ]);
}
