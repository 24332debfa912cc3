import type { Command } from 'commander';
import { group } from './command-group.ts';
import { setExamples } from './help.ts';
import type { RunWork } from './program.ts';
import { addWorkOptions, syncRequest, type SyncFlags } from './sync-options.ts';

const JSON_OPTION = ['--json', 'print one JSON document on stdout'] as const;

interface SetFlags extends SyncFlags {
  readonly every?: string;
  readonly cron?: string;
}

/** `appsync schedule …`: what syncs by itself. */
export function addScheduleCommands(program: Command, run: RunWork): void {
  const schedule = group(program, 'schedule', 'Sync by itself what is due', 'Sync:');
  addSet(schedule, run);
  const list = schedule
    .command('list')
    .summary('List the schedules')
    .option(...JSON_OPTION)
    .action(() => run(async (context) => (await import('./schedule.ts')).showSchedules(context)));
  setExamples(list, [['appsync schedule list', 'when each starts next, and what it missed']]);
  addSteering(schedule, run);
}

function addSet(schedule: Command, run: RunWork): void {
  const set = schedule
    .command('set')
    .summary('Start syncs of what is due, again and again')
    .description(
      'Start syncs of what is due of a target, again and again; a target has one schedule, and setting it again ' +
        'changes it. Which sources are due is theirs to say (every or cron in the catalog; neither: each time). A ' +
        'source that a run is at work on is left to that run, so nothing waits for it. Times that pass while ' +
        'Temporal or all workers are down are made up for once, by what is due then.',
    )
    .argument('[target]', 'platform, application slug, source alias, or all', 'all')
    .option('--every <duration>', 'such as 15m, 1h or 1d')
    .option('--cron <expression>', 'five fields, UTC unless it begins with CRON_TZ=<zone>')
    .action((target: string, { every, cron, ...flags }: SetFlags) =>
      run(async (context) => {
        const { options } = syncRequest(target, flags);
        return (await import('./schedule.ts')).setScheduleOf(context, {
          target,
          every,
          cron,
          options,
        });
      }),
    );
  addWorkOptions(set).option(...JSON_OPTION);
  setExamples(set, [
    ['appsync schedule set --every 15m', 'whatever is due, each quarter of an hour'],
    ['appsync schedule set --cron "0 6 * * 1-5" skyflow', 'one application, on weekdays at six'],
    ['appsync schedule set --every 1h notion --preset safe', 'one platform, gently'],
  ]);
}

function addSteering(schedule: Command, run: RunWork): void {
  const add = (action: 'pause' | 'resume' | 'delete', summary: string, example: string) => {
    const command = schedule
      .command(action)
      .summary(summary)
      .argument('[target]', 'whose schedule', 'all')
      .option(...JSON_OPTION)
      .action((target: string) =>
        run(async (context) =>
          (await import('./schedule.ts')).steerScheduleOf(context, action, target),
        ),
      );
    setExamples(command, [[`appsync schedule ${action}`, example]]);
  };
  add('pause', 'Let a schedule start nothing for now', 'the one of all sources');
  add('resume', 'Let a paused schedule start syncs again', 'the one of all sources');
  add('delete', 'Remove a schedule', 'the one of all sources; what it started goes on');
}
