import { Option, type Command } from 'commander';
import { usageError } from '../errors.ts';
import { setExamples } from './help.ts';
import type { RunWork } from './program.ts';
import { addSourceOptions, syncRequest, type SyncFlags } from './sync-options.ts';

/** What commander makes of the options of `reconcile`. */
interface ReconcileFlags extends SyncFlags {
  readonly sample?: number;
  readonly seed?: string;
  readonly full?: boolean;
  readonly heal?: boolean;
  readonly yes?: boolean;
  readonly run?: string;
}

const GROUP = 'What to compare:';
const SAMPLE = { standard: 100, most: 1_000 } as const;

/** Adds `reconcile` to the command tree. */
export function addReconcile(program: Command, run: RunWork): void {
  const reconcile = program
    .command('reconcile')
    .summary('Compare the platforms with Postgres, and heal what differs')
    .description(
      'Compare records with rows by id, content and cells, and print what differs: a sample of each ' +
        'source, or everything. What the next sync brings by itself is no drift. With --heal a sync that ' +
        'reads everything writes the drifted rows again, and they are compared once more. Exit code 3 when ' +
        'drift stands.',
    )
    .argument('[target]', 'platform, application slug, source alias, or all')
    .helpGroup('Watch:');
  addSourceOptions(reconcile);
  reconcile
    .addOption(sampleOption())
    .addOption(new Option('--seed <text>', 'choose the same sample again').helpGroup(GROUP))
    .addOption(new Option('--full', 'every record and every row').helpGroup(GROUP))
    .addOption(
      new Option('--run <id>', 'follow or show a reconciliation that was started').helpGroup(GROUP),
    )
    .addOption(new Option('--heal', 'sync what differs, then compare it again').helpGroup('Heal:'))
    .addOption(new Option('--yes', 'heal without asking').helpGroup('Heal:'))
    .addOption(new Option('--json', 'print one JSON document on stdout').helpGroup('Output:'))
    .action((target: string | undefined, flags: ReconcileFlags) =>
      run(async (context) => {
        const request = reconcileRequest(target, flags, context.io.random());
        const { runReconcile, showReconcile } = await import('./reconcile.ts');
        return flags.run === undefined
          ? runReconcile(context, request)
          : showReconcile(context, flags.run, request);
      }),
    );
  setExamples(reconcile, [
    ['appsync reconcile notion', 'a sample of every Notion source'],
    ['appsync reconcile skyflow-tasks --full', 'every record of one source'],
    ['appsync reconcile all --heal --yes', 'sync again what differs'],
    ['appsync reconcile --run 20261123-161502-4f2a', 'what an earlier one found'],
    ['appsync reconcile all --sample 20 --seed x', 'the same rows every time'],
  ]);
}

function sampleOption(): Option {
  const { standard, most } = SAMPLE;
  return new Option(
    '--sample <n>',
    `so many rows and records of each source (default: ${standard})`,
  )
    .argParser((value: string) => {
      const size = /^\d+$/.test(value) ? Number(value) : 0;
      if (size >= 1 && size <= most) return size;
      throw usageError(
        `--sample must be a whole number from 1 to ${most}, not "${value}"`,
        'appsync help reconcile',
      );
    })
    .helpGroup(GROUP);
}

function reconcileRequest(target: string | undefined, flags: ReconcileFlags, seed: string) {
  const { sample, full = false, heal = false, yes = false } = flags;
  if (full && (sample !== undefined || flags.seed !== undefined)) {
    throw usageError('--full compares everything: there is no sample to choose');
  }
  const { filters, options } = syncRequest(target, flags);
  const size = sample ?? SAMPLE.standard;
  return {
    target,
    filters,
    options,
    choice: full
      ? ({ kind: 'full' } as const)
      : ({ kind: 'sample', size, seed: flags.seed ?? seed } as const),
    heal,
    yes,
  };
}

export type ReconcileRequest = ReturnType<typeof reconcileRequest>;
