import { checkRows } from '../check-rows.ts';
import { appsync } from '../competitors/appsync.ts';
import { forgetPeakMemory, peakMemory, residentMemory } from '../process-usage.ts';
import { figure } from '../results.ts';
import { withStage, type BenchContext } from '../stage.ts';
import { notionWorld } from '../worlds.ts';
import type { Workload } from './workload.ts';

const MEGABYTE = 2 ** 20;
const SMALL = 25_001;

export const million: Workload = {
  id: 'million',
  about: "the worker's memory while it imports 1,000,000 Notion rows, and 25,001",
  when: 'asked',
  run: async (context) => {
    const large = context.quick ? 100_000 : 1_000_000;
    const few = await importedMemory(context, SMALL);
    const many = await importedMemory(context, large);
    const figures = [
      figure('idle', many.idle, 'MB'),
      figure(`most at ${SMALL} rows`, few.peak, 'MB'),
      figure(`most at ${large} rows`, many.peak, 'MB'),
      figure('most, many / few', many.peak / few.peak, '×', { most: 1.3 }),
      figure('most above idle', many.peak - many.idle, 'MB', { most: 300 }),
      figure(`rows per second at ${large} rows`, large / many.seconds, ''),
    ];
    return { workload: million.id, title: million.about, runs: [], figures, notes: [] };
  },
};

/** A worker that has done nothing before imports so many rows. */
function importedMemory(context: BenchContext, records: number) {
  const world = notionWorld({ prefix: 'memory', count: 1, records });
  return withStage(context, world, async (stage) => {
    const { worker } = await stage.processes();
    const idle = (residentMemory(worker) ?? NaN) / MEGABYTE;
    forgetPeakMemory(worker);
    const { seconds } = await appsync.import(stage, world.sources, '');
    const peak = (peakMemory(worker) ?? NaN) / MEGABYTE;
    for (const source of world.sources) {
      const stored = appsync.stored(source, '');
      if (stored !== null) await checkRows(stage, source, stored);
    }
    return { idle, peak, seconds };
  });
}
