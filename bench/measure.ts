import type { CommandEnd } from './run-command.ts';
import { checkRows } from './check-rows.ts';
import type { Competitor, CompetitorName } from './competitors/competitor.ts';
import { cpuSeconds, endedChildrenSeconds } from './process-usage.ts';
import type { CpuSeconds, MeasuredRun } from './results.ts';
import type { Stage, StackProcesses } from './stage.ts';
import type { BenchSource } from './worlds.ts';

/** Lets a competitor import the sources, measures it, and throws unless the rows are right. */
export async function measureImport(
  stage: Stage,
  competitor: Competitor,
  sources: readonly BenchSource[],
  run: string,
): Promise<MeasuredRun> {
  const measured = await measure(stage, competitor.name, () =>
    competitor.import(stage, sources, run),
  );
  for (const source of sources) {
    const stored = competitor.stored(source, run);
    if (stored !== null) await checkRows(stage, source, stored);
  }
  return { ...measured, rows: sources.reduce((sum, { records }) => sum + records, 0) };
}

/** Time, requests and CPU of anything; `rows` is for the caller to say. */
export async function measure(
  stage: Stage,
  competitor: CompetitorName,
  act: () => Promise<CommandEnd>,
): Promise<MeasuredRun & { readonly end: CommandEnd }> {
  // What the run before left to write must not fall into this one.
  await stage.db.query('checkpoint');
  await stage.simulator.forget();
  const processes = await stage.processes();
  const before = usage(stage, processes);
  const end = await act();
  const cpu = difference(before, usage(stage, processes));
  const requests = (await stage.simulator.requests()).length;
  return { competitor, seconds: end.seconds, rows: 0, requests, cpu, end };
}

function usage(stage: Stage, { worker, postgres, temporal }: StackProcesses): CpuSeconds {
  return {
    simulator: cpuSeconds(stage.simulator.pid),
    worker: cpuSeconds(worker),
    postgres: cpuSeconds(postgres),
    temporal: cpuSeconds(temporal),
    command: endedChildrenSeconds(process.pid),
  };
}

function difference(before: CpuSeconds, after: CpuSeconds): CpuSeconds {
  const part = (name: keyof CpuSeconds) => {
    const [from, to] = [before[name], after[name]];
    return from === null || to === null ? null : to - from;
  };
  return {
    simulator: part('simulator'),
    worker: part('worker'),
    postgres: part('postgres'),
    temporal: part('temporal'),
    command: part('command'),
  };
}
