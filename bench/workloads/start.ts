import { median } from '../arithmetic.ts';
import { FAST } from '../competitors/appsync.ts';
import { figure } from '../results.ts';
import { withStage } from '../stage.ts';
import { notionWorld } from '../worlds.ts';
import type { Workload } from './workload.ts';

export const start: Workload = {
  id: 'start',
  about: 'a sync when nothing runs: until the first request',
  when: 'always',
  run: (context) =>
    withStage(context, notionWorld({ prefix: 'start', count: 1, records: 100 }), async (stage) => {
      const fromCommand: number[] = [];
      const fromWorker: number[] = [];
      for (let round = 0; round < context.rounds; round++) {
        await stage.appsync('down');
        await stage.simulator.forget();
        const began = Date.now();
        await stage.appsync('sync-fast', 'notion', ...FAST);
        const asked = (await stage.simulator.requests())[0]?.time ?? NaN;
        const { workerStartedAt } = await stage.processes();
        fromCommand.push((asked - began) / 1000);
        fromWorker.push((asked - Date.parse(workerStartedAt)) / 1000);
      }
      const figures = [
        figure('from the start of the worker', median(fromWorker), 's', { most: 2 }),
        figure('from the start of the command', median(fromCommand), 's'),
      ];
      return { workload: start.id, title: start.about, runs: [], figures, notes: [] };
    }),
};
