import type { Command } from 'commander';
import { setExamples } from './help.ts';
import type { RunWork } from './program.ts';

const JSON_OPTION = ['--json', 'print one JSON document on stdout'] as const;

interface HealthFlags {
  readonly hours: string;
  readonly deep?: boolean;
}

/** What monitors ask. */
export function addMonitorCommands(program: Command, run: RunWork): void {
  const health = program
    .command('health')
    .summary('Say whether all is well, for people and monitors')
    .description(
      'Say whether all is well: exit code 0 healthy, 3 degraded, 1 unhealthy. It looks at Postgres, Temporal, workers, ' +
        'sources, runs, schedules and budgets, starts nothing, and answers within seconds when one of them hangs.',
    )
    .option('--hours <n>', 'success rate over so many hours', '24')
    .option(
      '--deep',
      'ask the platforms, too: whether each token is accepted and what it can reach',
    )
    .option(...JSON_OPTION)
    .helpGroup('Watch:')
    .action((flags: HealthFlags) =>
      run(async (context) => {
        const { showHealth, parseHours } = await import('./health.ts');
        const request = { hours: parseHours(flags.hours), deep: flags.deep === true };
        return showHealth(context, request);
      }),
    );
  setExamples(health, [
    ['appsync health', 'a few lines when all is well, and what helps otherwise'],
    ['appsync health --deep', 'also what each token can see'],
    ['appsync health --json --hours 1', 'for a monitor'],
  ]);
  const stats = program
    .command('stats')
    .summary('Show pools, budgets, sizes and work by hour')
    .description(
      'Show connection pools of every live worker, rate budgets, sizes of tables, records and requests of the last 24 ' +
        'hours, and totals.',
    )
    .option(...JSON_OPTION)
    .helpGroup('Watch:')
    .action(() => run(async (context) => (await import('./stats.ts')).showStats(context)));
  setExamples(stats, [['appsync stats', 'what workers and budgets are at now']]);
}
