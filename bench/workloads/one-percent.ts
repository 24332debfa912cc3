import { median } from '../arithmetic.ts';
import { checkRows } from '../check-rows.ts';
import { appsync, FAST, summaryOf } from '../competitors/appsync.ts';
import { measure } from '../measure.ts';
import { figure, type Figure } from '../results.ts';
import { withStage, type BenchContext, type Stage } from '../stage.ts';
import type { BenchSource } from '../worlds.ts';
import { syncedWorlds } from './unchanged.ts';
import type { Workload } from './workload.ts';

/**
 * From the edits to the sync, longer than a watermark is set back: what was edited in the five minutes before a sync is read
 * once more by the next one, which is the price of never missing an edit and not what is measured here.
 */
const EDITED_BEFORE_MS = 3_600_000;

export const onePercent: Workload = {
  id: 'one-percent',
  about: 'a sync an hour after one record of a hundred was edited',
  when: 'always',
  run: (context) =>
    withStage(context, syncedWorlds(context.quick), async (stage) => {
      await stage.appsync('sync-fast', ...FAST);
      const figures: Figure[] = [];
      for (const source of stage.world.sources) {
        figures.push(...(await editAndSync(context, stage, source)));
      }
      const notes = [
        'The fewest requests are a page for each hundred edited records and one for the schema.',
      ];
      return { workload: onePercent.id, title: onePercent.about, runs: [], figures, notes };
    }),
};

async function editAndSync(
  { rounds }: BenchContext,
  stage: Stage,
  source: BenchSource,
): Promise<readonly Figure[]> {
  const edited = Math.round(source.records / 100);
  const fewest = Math.ceil(edited / 100) + 1;
  const seconds: number[] = [];
  const requests: number[] = [];
  const written: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await stage.simulator.edit('editSome', { source: source.simulatorName, count: edited });
    await stage.simulator.advanceClock(EDITED_BEFORE_MS);
    const run = await measure(stage, 'appsync', () =>
      stage.appsync('sync-fast', source.platform, ...FAST),
    );
    const { inserted, updated, deleted } = summaryOf(run.end).totals;
    seconds.push(run.seconds);
    requests.push(run.requests);
    written.push(inserted + updated + deleted);
  }
  const stored = appsync.stored(source, '');
  if (stored !== null) await checkRows(stage, source, stored);
  const name = (what: string) => `${source.platform}, ${edited} edited: ${what}`;
  return [
    figure(name('requests / fewest'), Math.max(...requests) / fewest, '×', { most: 1.2 }),
    figure(name('rows written'), Math.max(...written), '', { least: edited, most: edited }),
    figure(name('wall time of the command'), median(seconds), 's'),
  ];
}
