import type { Command } from 'commander';
import { setExamples } from './help.ts';
import type { RunWork } from './program.ts';

/** `appsync doctor`: what there is and what is wrong with it. */
export function addExaminationCommands(program: Command, run: RunWork): void {
  const doctor = program
    .command('doctor')
    .summary('Look for what would keep a sync from working')
    .description(
      'Look at the environment, the catalog file, Postgres, Temporal, the tokens and the clocks, and say how ' +
        'to mend what is wrong. Starts nothing and writes to no table but the request budget; a few requests go to each ' +
        'platform. Ends with the code of the worst failure: 4 credentials or configuration, 5 unreachable.',
    )
    .option('--offline', 'ask no platform')
    .option('--json', 'print one JSON document on stdout')
    .helpGroup('Set up:')
    .action((flags: { offline?: boolean }) =>
      run(async (context) => {
        const { runDoctor } = await import('./doctor/doctor.ts');
        return runDoctor(context, { offline: flags.offline === true });
      }),
    );
  setExamples(doctor, [
    ['appsync doctor', 'everything, each failure with its fix'],
    ['appsync doctor --offline --json', 'without a request to any platform'],
  ]);
}
