import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { group } from './command-group.ts';
import { setExamples } from './help.ts';
import type { RunWork } from './program.ts';

/** `appsync doctor`, `config show` and `completion`: what there is, and what is wrong with it. */
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
  const config = group(program, 'config', 'Show the settings in force', 'Set up:');
  const show = config
    .command('show')
    .summary('Show each setting with its value and where it comes from')
    .description(
      'Show each setting with its value and where it comes from: the environment, .env, the catalog file or ' +
        'the default. Of secrets only whether they are set, and how long they are.',
    )
    .option('--json', 'print one JSON document on stdout')
    .action(() => run(async (context) => (await import('./config-show.ts')).showConfig(context)));
  setExamples(show, [['appsync config show', 'what holds here']]);
  const completion = program
    .command('completion')
    .summary('Print the completion script of a shell')
    .description(
      'Print the script that completes commands, options and the names of this installation in a shell. Names come ' +
        'from the catalog file, ids of runs from the local stack when it runs. The line that loads it is in the script.',
    )
    .argument('<shell>', 'bash, zsh or fish')
    .helpGroup('Set up:')
    .action((shell: string) =>
      run(async (context) => {
        const { printCompletion } = await import('./completion/complete.ts');
        const entry = fileURLToPath(new URL('./main.js', import.meta.url));
        return printCompletion(context, shell, entry);
      }),
    );
  setExamples(completion, [
    ['eval "$(appsync completion bash)"', 'in this shell, or in ~/.bashrc'],
  ]);
}
