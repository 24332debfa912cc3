import type { Command } from 'commander';
import { setExamples } from './help.ts';
import type { RunWork } from './program.ts';
import { addSettingOptions, settingsOf, sourceOption, type SyncFlags } from './sync-options.ts';

interface SourceFlags {
  readonly source?: readonly string[];
}

/** Adds the commands that steer a run at work to `appsync runs`. */
export function addRunControl(runs: Command, run: RunWork): void {
  addPauseAndResume(runs, run);
  addCancel(runs, run);
  addSet(runs, run);
}

const steering = (runs: Command, name: string, summary: string, description: string) =>
  runs
    .command(name)
    .summary(summary)
    .description(description)
    .argument('[run]', 'id of the run; without it: the latest that has not ended')
    .option('--json', 'print one JSON document on stdout');

function addPauseAndResume(runs: Command, run: RunWork): void {
  const add = (action: 'pause' | 'resume', command: Command) =>
    command
      .addOption(sourceOption(`only this source, by its alias`))
      .action((id: string | undefined, flags: SourceFlags) =>
        run(async (context) =>
          (await import('./run-control.ts')).pauseOrResume(context, action, id, flags.source ?? []),
        ),
      );
  const pause = steering(
    runs,
    'pause',
    'Pause a run, or some of its sources',
    'Pause a run, or some of its sources. Batches that were begun are finished, nothing new begins. A paused ' +
      'source keeps its place: no other run syncs it meanwhile, and no other source waits for it.',
  );
  setExamples(add('pause', pause), [
    ['appsync runs pause', 'the latest run that has not ended'],
    ['appsync runs pause --source skyflow-tasks', 'one source of it; the others go on'],
  ]);
  const resume = steering(
    runs,
    'resume',
    'Let a paused run, or some of its sources, go on',
    'Let a paused run, or some of its sources, go on where they stood. Without --source everything goes on.',
  );
  setExamples(add('resume', resume), [
    ['appsync runs resume', 'everything goes on'],
    ['appsync runs resume --source skyflow-tasks', 'one source goes on'],
  ]);
}

function addCancel(runs: Command, run: RunWork): void {
  const cancel = steering(
    runs,
    'cancel',
    'End a run, or some of its sources',
    'End a run, or some of its sources, within seconds. What is merged stays, and the next sync goes on from ' +
      'there. A run whose workflow is gone is marked as cancelled, and its sources are freed.',
  )
    .addOption(sourceOption('only this source, by its alias'))
    .option('--yes', 'without asking')
    .action((id: string | undefined, flags: SourceFlags & { yes?: boolean }) =>
      run(async (context) =>
        (await import('./run-control.ts')).cancel(context, id, {
          sources: flags.source ?? [],
          yes: flags.yes === true,
        }),
      ),
    );
  setExamples(cancel, [
    ['appsync runs cancel', 'the latest run that has not ended; asks on a terminal'],
    ['appsync runs cancel 20261123-161502-4f2a --yes', 'a run by its id, without asking'],
    ['appsync runs cancel --source skyflow-tasks', 'one source of it; the others go on'],
  ]);
}

function addSet(runs: Command, run: RunWork): void {
  const set = steering(
    runs,
    'set',
    'Change settings of a run at work',
    'Change settings of a run at work: they hold from the next batch or source on. What is not given stays as it is.',
  );
  addSettingOptions(set).action((id: string | undefined, flags: SyncFlags) =>
    run(async (context) =>
      (await import('./run-control.ts')).changeSettings(context, id, settingsOf(flags)),
    ),
  );
  setExamples(set, [
    ['appsync runs set --rate-limit 1', 'leave more of the budget to others'],
    ['appsync runs set --max-concurrent 2 --batch-size 500', 'fewer sources, larger batches'],
  ]);
}
