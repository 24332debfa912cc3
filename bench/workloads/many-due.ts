import { FAST, summaryOf } from '../competitors/appsync.ts';
import { measure } from '../measure.ts';
import { figure } from '../results.ts';
import { withStage } from '../stage.ts';
import { notionWorld } from '../worlds.ts';
import type { Workload } from './workload.ts';

const ROWS_EACH = 3;

export const manyDue: Workload = {
  id: '2000-due',
  about: '2,000 Notion sources: none due, then all due and unchanged',
  when: 'always',
  run: (context) => {
    const count = context.quick ? 100 : 2_000;
    const world = notionWorld({ prefix: 'due', count, records: ROWS_EACH });
    return withStage(context, world, async (stage) => {
      const first = await stage.appsync('sync-fast', ...FAST);
      await stage.applyCatalog({ every: '24h' });
      const none = await measure(stage, 'appsync', () => stage.appsync('sync-due', ...FAST));
      await stage.applyCatalog();
      const all = await measure(stage, 'appsync', () => stage.appsync('sync-due', ...FAST));
      const { sources, inserted, updated } = summaryOf(all.end).totals;
      if (sources !== count || inserted + updated > 0) {
        throw new Error(
          `${sources} of ${count} sources were due, ${inserted + updated} rows written`,
        );
      }
      const each = (seconds: number | null) => ((seconds ?? NaN) * 1000) / count;
      const figures = [
        figure('first import of all', first.seconds, 's'),
        figure('none due: wall time of the command', none.seconds, 's'),
        figure('none due: requests', none.requests, '', { most: 0 }),
        figure('none due: CPU of the worker', each(none.cpu.worker), 'ms per source'),
        figure('all due: wall time of the command', all.seconds, 's'),
        figure('all due: requests', all.requests / count, 'per source', { most: 2 }),
        figure('all due: CPU of the worker', each(all.cpu.worker), 'ms per source', { most: 25 }),
        figure('all due: CPU of Postgres', each(all.cpu.postgres), 'ms per source'),
        figure('all due: CPU of Temporal', each(all.cpu.temporal), 'ms per source'),
      ];
      return { workload: manyDue.id, title: manyDue.about, runs: [], figures, notes: [] };
    });
  },
};
