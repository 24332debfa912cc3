import { median } from '../arithmetic.ts';
import { appsync } from '../competitors/appsync.ts';
import type { Competitor, CompetitorName } from '../competitors/competitor.ts';
import { copy } from '../competitors/copy.ts';
import { plain, read } from '../competitors/plain.ts';
import { measure, measureImport } from '../measure.ts';
import { cpuOf, figure, type Figure, type MeasuredRun } from '../results.ts';
import { withStage, type Stage } from '../stage.ts';
import { joinWorlds, type BenchSource, type BenchWorld } from '../worlds.ts';
import type { DltCompetitor, Workload } from './workload.ts';

/** Least ratios of rows per second. */
export interface ImportTargets {
  readonly dlt?: number;
  readonly plain?: number;
  readonly copy?: number;
}

export interface ImportSpec {
  readonly id: string;
  readonly about: string;
  /** The sources of one round: each round has its own, since appsync knows what it has seen. */
  readonly round: (round: number, quick: boolean) => BenchWorld;
  /** What dlt imports instead, where it cannot get all of it. */
  readonly dltInstead?: (quick: boolean) => BenchWorld;
  readonly targets?: ImportTargets;
}

/** First import of everything, competitors in turn. */
export function firstImport(spec: ImportSpec): Workload {
  return {
    id: spec.id,
    about: spec.about,
    when: 'always',
    run: async (context, dlt) => {
      const rounds = Array.from({ length: context.rounds }, (_, round) =>
        spec.round(round, context.quick),
      );
      const instead = spec.dltInstead?.(context.quick);
      const world = joinWorlds(...rounds, ...(instead === undefined ? [] : [instead]));
      return withStage(context, world, async (stage) => {
        const attempts: Attempt[] = [];
        for (const [round, { sources }] of rounds.entries()) {
          context.tell(`${spec.id}: round ${round + 1} of ${context.rounds}`);
          const ways = competitors(dlt, sources, instead?.sources);
          attempts.push(...(await playRound(stage, ways, `r${round + 1}`)));
        }
        const runs = attempts.flatMap((attempt) => ('seconds' in attempt ? [attempt] : []));
        const notes = [
          ...attempts.flatMap((attempt) => ('failure' in attempt ? [attempt.failure] : [])),
          ...('missing' in dlt ? [`dlt is left out: ${dlt.missing}`] : []),
          ...('competitor' in dlt && instead !== undefined
            ? [await capNote(stage, dlt.competitor, rounds[0]?.sources ?? [], instead)]
            : []),
        ];
        return { workload: spec.id, title: spec.about, runs, figures: ratios(runs, spec), notes };
      });
    },
  };
}

type Way = readonly [Competitor, readonly BenchSource[]];

function competitors(
  dlt: DltCompetitor,
  sources: readonly BenchSource[],
  instead: readonly BenchSource[] | undefined,
): readonly Way[] {
  return [
    [appsync, sources],
    ...('competitor' in dlt ? [[dlt.competitor, instead ?? sources] as const] : []),
    [plain, sources],
    [read, sources],
    // After appsync, whose rows it copies.
    [copy, sources],
  ];
}

/** A run, or how it failed: another way that cannot do it is a result, too. */
type Attempt = MeasuredRun | { readonly failure: string };

async function playRound(
  stage: Stage,
  ways: readonly Way[],
  run: string,
): Promise<readonly Attempt[]> {
  const attempts: Attempt[] = [];
  for (const [competitor, sources] of ways) {
    try {
      attempts.push(await measureImport(stage, competitor, sources, run));
    } catch (error) {
      if (competitor === appsync || stage.signal.aborted) throw error;
      attempts.push({ failure: failureOf(competitor, run, error) });
    }
    await competitor.clear(stage, run);
  }
  return attempts;
}

/** In one line: a traceback ends with what matters. */
function failureOf({ name }: Competitor, run: string, error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).trimEnd().split('\n');
  return `${name} failed in ${run}: ${lines.at(-1)}`;
}

/** What becomes of the whole source with dlt, measured rather than claimed. */
async function capNote(
  stage: Stage,
  dlt: Competitor,
  sources: readonly BenchSource[],
  instead: BenchWorld,
): Promise<string> {
  const [source] = sources;
  if (source === undefined) return '';
  const { end } = await measure(stage, dlt.name, () => dlt.import(stage, [source], 'whole'));
  const stored = dlt.stored(source, 'whole');
  const { rows } = await stage.db.query<{ count: number }>(
    `select count(*)::integer as count from ${stored?.table}`,
  );
  await dlt.clear(stage, 'whole');
  const records = instead.sources.reduce((sum, one) => sum + one.records, 0);
  return (
    `dlt stored ${rows[0]?.count} of ${source.records} rows and ended with ${end.code}: the API gives no more than ` +
    `10,000 per query. Its speed is that of a source of ${records} rows.`
  );
}

const medianOf = (
  runs: readonly MeasuredRun[],
  competitor: CompetitorName,
  of: (run: MeasuredRun) => number,
) => median(runs.filter((run) => run.competitor === competitor).map(of));

const rowsPerSecond = ({ rows, seconds }: MeasuredRun) => rows / seconds;
/** Says more than time where something else is at work on the machine. */
const rowsPerCpuSecond = (run: MeasuredRun) => run.rows / (cpuOf(run) ?? NaN);

function ratios(runs: readonly MeasuredRun[], { targets }: ImportSpec): readonly Figure[] {
  const others = ['dlt', 'plain', 'copy', 'read'] as const;
  const present = others.filter((other) => runs.some(({ competitor }) => competitor === other));
  const ratio = (other: CompetitorName, of: (run: MeasuredRun) => number) =>
    medianOf(runs, 'appsync', of) / medianOf(runs, other, of);
  return present.flatMap((other) => {
    const least = other === 'read' ? undefined : targets?.[other];
    const target = least === undefined ? undefined : { least };
    return [
      figure(`rows per second, appsync / ${other}`, ratio(other, rowsPerSecond), '×', target),
      figure(`rows per CPU second, appsync / ${other}`, ratio(other, rowsPerCpuSecond), '×'),
    ];
  });
}
