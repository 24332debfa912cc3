import { Command } from 'commander';
import type { CommandWork } from './command.ts';
import type { ChaosFlags } from './dev.ts';
import { group } from './command-group.ts';
import { addHelpScreens, addInspection } from './discovery/discovery-commands.ts';
import { formatHelp, setExamples } from './help.ts';
import { addMonitorCommands } from './monitor-commands.ts';
import { addExaminationCommands } from './examination-commands.ts';
import { addQuarantineCommands } from './quarantine-commands.ts';
import { addReconcile } from './reconcile-command.ts';
import { addRunControl } from './run-control-commands.ts';
import { addScheduleCommands } from './schedule-commands.ts';
import { addSyncOptions, syncRequest, type SyncFlags } from './sync-options.ts';

/** Hands the work of the command that was parsed to whoever runs it. */
export type RunWork = (work: CommandWork) => Promise<void>;

interface JsonFlag {
  readonly json?: boolean;
}

/** The command tree. Each action imports its implementation when it runs, so that help starts fast. */
export function buildProgram(run: RunWork, print: (text: string) => void): Command {
  const program = new Command('appsync')
    .description('Copy Notion and Airtable into Postgres, durably')
    .usage('<target> [options]')
    .enablePositionalOptions()
    .helpCommand(false)
    .configureHelp({ formatHelp })
    .configureOutput({ writeOut: print, writeErr: print, outputError: () => {} })
    .exitOverride();
  setExamples(program, [
    ['appsync init', 'find what your tokens can see'],
    ['appsync notion', 'sync every source of a platform'],
    ['appsync skyflow --dry-run', 'show what a sync of an application would do'],
    ['appsync sync-due', 'sync what is due'],
    ['appsync demo', 'see it work, without any account'],
  ]);
  addSync(program, run);
  addCatalogCommands(program, run);
  addExaminationCommands(program, run);
  addRunCommands(program, run);
  addMonitorCommands(program, run);
  addQuarantineCommands(program, run);
  addReconcile(program, run);
  addScheduleCommands(program, run);
  addStackCommands(program, run);
  addLearningCommands(program, run);
  addDevCommands(program, run);
  return program;
}

function addSync(program: Command, run: RunWork): void {
  const sync = program
    .command('sync')
    .summary('Sync a target into Postgres')
    .description(
      'Sync a target into Postgres: a platform, an application, a source, or all. Without a ' +
        'target: $APPSYNC_TARGET, else notion. "appsync <target>" is the same.',
    )
    .argument('[target]', 'platform, application slug, source alias, or all')
    .helpGroup('Sync:')
    .action((target: string | undefined, flags: SyncFlags) =>
      run(async (context) => {
        const { runSync } = await import('./sync.ts');
        return runSync(context, syncRequest(target, flags));
      }),
    );
  addSyncOptions(sync);
  setExamples(sync, [
    ['appsync notion', 'sync every Notion source'],
    ['appsync all --app skyflow --component artefact', 'filters combine'],
    ['appsync skyflow-artefacts --no-incremental', 'read one source whole'],
    ['appsync sync --json', 'the default target, as JSON'],
  ]);
}

function addCatalogCommands(program: Command, run: RunWork): void {
  const init = program
    .command('init')
    .summary('Find what the tokens can see and write the catalog file')
    .argument('[place]', 'where to look, for a platform that has to be told: a folder, a URL')
    .description(
      'Find what the tokens in the environment can see, write it into the catalog file ' +
        '(appsync.yaml) and apply it. Sources that the file has already stay as they are.',
    )
    .option('--platform <name>', 'look at this platform only')
    .option('--yes', 'write without asking')
    .option('--json', 'print one JSON document on stdout')
    .helpGroup('Set up:')
    .action((place: string | undefined, flags: { platform?: string; yes?: boolean }) =>
      run(async (context) => {
        const { runInit } = await import('./init.ts');
        return runInit(context, { platform: flags.platform, place, yes: flags.yes === true });
      }),
    );
  setExamples(init, [
    ['appsync init', 'show what is found and ask'],
    ['appsync init --platform notion --yes', 'one platform, without asking'],
  ]);
  const sources = group(program, 'sources', 'List sources, apply the catalog file', 'Set up:');
  addInspection(sources, run);
  const apply = sources
    .command('apply')
    .summary('Load the catalog file into Postgres')
    .description(
      'Load the catalog file into Postgres and show what changed; repeating it changes nothing.',
    )
    .option('--prune', 'disable the sources that left the file')
    .option('--accept', 'take a file that does not descend from the one applied last')
    .option('--json', 'print one JSON document on stdout')
    .action((flags: { prune?: boolean; accept?: boolean }) =>
      run(async (context) =>
        (await import('./sources.ts')).applySources(context, {
          prune: flags.prune === true,
          accept: flags.accept === true,
        }),
      ),
    );
  setExamples(apply, [['appsync sources apply --prune', 'also disable what left the file']]);
  const accept = sources
    .command('accept-deletions')
    .summary('Agree that records which are gone count as deleted')
    .description(
      'Agree that the records of a source which a full scan did not find count as deleted, and sync it: ' +
        'asked for when many rows would vanish at once, or when the platform cannot tell a record that is ' +
        'gone for good from one that is not shared any more.',
    )
    .argument('<alias>', 'alias of the source')
    .option('--yes', 'without asking')
    .option('--json', 'print one JSON document on stdout')
    .action((alias: string, flags: { yes?: boolean }) =>
      run(async (context) =>
        (await import('./deletions.ts')).acceptHeldDeletions(context, alias, {
          yes: flags.yes === true,
        }),
      ),
    );
  setExamples(accept, [
    ['appsync sources accept-deletions skyflow-tasks', 'show what waits for consent, and ask'],
  ]);
}

function addRunCommands(program: Command, run: RunWork): void {
  const runs = group(program, 'runs', 'Look at runs and steer them', 'Watch:');
  const list = runs
    .command('list')
    .summary('List the latest runs')
    .option('--limit <n>', 'as many at most', '20')
    .option('--json', 'print one JSON document on stdout')
    .action((flags: { limit: string }) =>
      run(async (context) => {
        const { showRuns, parseLimit } = await import('./runs.ts');
        return showRuns(context, parseLimit(flags.limit));
      }),
    );
  setExamples(list, [
    ['appsync runs list', 'the latest runs first'],
    ['appsync runs list --limit 200', 'more of them'],
  ]);
  const show = runs
    .command('show')
    .summary('Show one run, its sources and slowest batches')
    .argument('[run]', 'id of the run; without it: the latest')
    .option('--json', 'print one JSON document on stdout')
    .action((id: string | undefined) =>
      run(async (context) => (await import('./runs.ts')).showRun(context, id)),
    );
  setExamples(show, [['appsync runs show 20261123-161502-4f2a', 'a run by its id']]);
  const watch = runs
    .command('watch')
    .summary('Follow a run until it ends')
    .argument('[run]', 'id of the run; without it: the latest')
    .option('--json', 'print one JSON document on stdout')
    .action((id: string | undefined) =>
      run(async (context) => (await import('./runs.ts')).watchRun(context, id)),
    );
  setExamples(watch, [['appsync runs watch', 'follow the latest run']]);
  addRunControl(runs, run);
  const ui = program
    .command('ui')
    .summary('Look at sources and runs in a browser')
    .description(
      'Serve one page on 127.0.0.1 until Ctrl-C: sources, runs, failures, budgets, quarantine and schema changes, ' +
        'live; pause, resume, cancel and sync. The address that is printed holds the key to it.',
    )
    .option('--port <n>', 'port on 127.0.0.1; 0: any free one', '0')
    .helpGroup('Watch:')
    .action((flags: { port: string }) =>
      run(async (context) => {
        const { serveUi, parsePort } = await import('./ui.ts');
        return serveUi(context, parsePort(flags.port));
      }),
    );
  setExamples(ui, [['appsync ui', 'print the address and serve until Ctrl-C']]);
}

function addStackCommands(program: Command, run: RunWork): void {
  const add = (name: string, summary: string, example: string, work: CommandWork) => {
    const command = program
      .command(name)
      .summary(summary)
      .helpGroup('Stack:')
      .action((_flags: JsonFlag) => run(work));
    setExamples(command, [[example, '']]);
    return command;
  };
  add(
    'up',
    'Start Postgres, Temporal and a worker, unless they run',
    'appsync up',
    async (context) => (await import('./stack.ts')).startStack(context),
  ).option('--json', 'print one JSON document on stdout');
  add('down', 'Stop them; the data stays', 'appsync down', async (context) =>
    (await import('./stack.ts')).stopLocalStack(context),
  ).option('--json', 'print one JSON document on stdout');
  add('status', 'Show what runs and where', 'appsync status --json', async (context) =>
    (await import('./stack.ts')).showStatus(context),
  ).option('--json', 'print one JSON document on stdout');
  add('env', 'Print export lines for a shell', 'eval "$(appsync env)"', async (context) =>
    (await import('./stack.ts')).printEnvironment(context),
  );
  add(
    'worker',
    'Run a worker in the foreground, for another machine',
    'appsync worker',
    async (context) => (await import('./stack.ts')).runWorker(context),
  );
}

function addLearningCommands(program: Command, run: RunWork): void {
  const demo = program
    .command('demo')
    .summary('Show a whole sync against simulated platforms')
    .option('--crash', 'kill the worker halfway and see the run go on')
    .helpGroup('Learn:')
    .action((flags: { crash?: boolean }) =>
      run(async (context) =>
        (await import('./demo.ts')).demo(context, { crash: flags.crash === true }),
      ),
    );
  setExamples(demo, [['appsync demo --crash', 'kill the worker halfway and see the run go on']]);
  const help = program
    .command('help')
    .summary('Help on a command or topic: shortcuts, environment, exit-codes')
    .argument('[words...]', 'a command, a shortcut or a topic')
    .helpGroup('Learn:')
    .helpCommand(false)
    .action((words: readonly string[]) =>
      run(async (context) => (await import('./help-topics.ts')).showHelp(context, program, words)),
    );
  setExamples(help, [
    ['appsync help sync', 'every option of a sync'],
    ['appsync help shortcuts', 'what every sync-… stands for'],
    ['appsync help exit-codes', ''],
  ]);
  addHelpScreens(help, run);
}

function addDevCommands(program: Command, run: RunWork): void {
  const dev = group(
    program,
    'dev',
    'Tools for working on appsync',
    'Develop:',
  ).enablePositionalOptions();
  const sim = dev
    .command('sim')
    .summary('Run the simulators of the platforms')
    .argument('[args...]', 'options of the simulator; --help lists them')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action((args: readonly string[]) =>
      run(async (context) => (await import('./dev.ts')).simulate(context, args)),
    );
  setExamples(sim, [['appsync dev sim --help', '']]);
  const chaos = dev
    .command('chaos')
    .summary('Kill and disturb an installation of its own while it syncs, then compare it')
    .option('--minutes <n>', 'how long it is disturbed', '2')
    .option('--seed <n>', 'repeats the choices of a round (default: a new one, printed)')
    .option('--records <n>', 'about so many records', '12000')
    .option('--json', 'print one JSON document on stdout')
    .action((flags: ChaosFlags) =>
      run(async (context) => (await import('./dev.ts')).chaos(context, flags)),
    );
  setExamples(chaos, [['appsync dev chaos --minutes 10 --seed 7', '']]);
  const conformance = dev
    .command('conformance')
    .summary('Check that a platform keeps what platforms promise')
    .description(
      'Drive a platform, built in or of a plug-in that the catalog file names, through what stands in for it: ' +
        'paging, resuming, changes, failures, conversion. One line per check; exit 1 when one fails.',
    )
    .argument('<platform>', 'name of the platform')
    .option('--json', 'print one JSON document on stdout')
    .action((platform: string) =>
      run(async (context) => (await import('./dev.ts')).conformance(context, platform)),
    );
  setExamples(conformance, [['appsync dev conformance airtable', '']]);
  const docs = dev
    .command('docs')
    .summary('Print docs/cli.md from the command tree')
    .action(() => run(async (context) => (await import('./dev.ts')).printDocs(context, program)));
  setExamples(docs, [['appsync dev docs > docs/cli.md', '']]);
}
