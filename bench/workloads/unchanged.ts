import { median } from '../arithmetic.ts';
import { FAST, summaryOf } from '../competitors/appsync.ts';
import { measure } from '../measure.ts';
import { figure } from '../results.ts';
import { withStage } from '../stage.ts';
import { airtableWorld, joinWorlds, notionWorld } from '../worlds.ts';
import type { Workload } from './workload.ts';

/** The worlds of both platforms whose sources are synced again. */
export const syncedWorlds = (quick: boolean) =>
  joinWorlds(
    notionWorld({ prefix: 'notion', count: 1, records: quick ? 2_501 : 25_001 }),
    airtableWorld({ prefix: 'airtable', count: 1, records: quick ? 2_000 : 20_000 }),
  );

/** A request for the schema and one for data is the least that can tell that nothing changed. */
const FEWEST_REQUESTS = 2;

export const unchanged: Workload = {
  id: 'no-change',
  about: 'a sync after which nothing has changed: 25,001 Notion rows, 20,000 Airtable records',
  when: 'always',
  run: (context) =>
    withStage(context, syncedWorlds(context.quick), async (stage) => {
      await stage.appsync('sync-fast', ...FAST);
      const figures = [];
      for (const platform of ['notion', 'airtable'] as const) {
        const seconds: number[] = [];
        const requests: number[] = [];
        let written = 0;
        for (let round = 0; round < context.rounds; round++) {
          const run = await measure(stage, 'appsync', () =>
            stage.appsync('sync-fast', platform, ...FAST),
          );
          const { inserted, updated, deleted } = summaryOf(run.end).totals;
          written += inserted + updated + deleted;
          seconds.push(run.seconds);
          requests.push(run.requests);
        }
        figures.push(
          figure(`${platform}: requests`, Math.max(...requests), '', { most: FEWEST_REQUESTS }),
          figure(`${platform}: rows written`, written, '', { most: 0 }),
          figure(`${platform}: wall time of the command`, median(seconds), 's'),
        );
      }
      return { workload: unchanged.id, title: unchanged.about, runs: [], figures, notes: [] };
    }),
};
