import { fileURLToPath } from 'node:url';
import { median } from '../arithmetic.ts';
import { runWell } from '../run-command.ts';
import { figure } from '../results.ts';
import { withStage } from '../stage.ts';
import { notionWorld } from '../worlds.ts';
import type { Workload } from './workload.ts';

const LAUNCHER = fileURLToPath(new URL('../../dj.sh', import.meta.url));
const LOOKS_PER_ROUND = 5;

export const list: Workload = {
  id: 'list',
  about: '`./dj.sh sync-list` with the stack up and ten sources',
  when: 'always',
  run: (context) =>
    withStage(context, notionWorld({ prefix: 'list', count: 10, records: 1 }), async (stage) => {
      const look = () =>
        runWell({ program: LAUNCHER, args: ['sync-list'], env: stage.env }, stage.signal);
      // The first may have to build.
      await look();
      const seconds: number[] = [];
      for (let i = 0; i < context.rounds * LOOKS_PER_ROUND; i++)
        seconds.push((await look()).seconds);
      const figures = [
        figure('wall time, median', median(seconds), 's', { most: 0.6 }),
        figure('wall time, longest', Math.max(...seconds), 's'),
      ];
      return { workload: list.id, title: list.about, runs: [], figures, notes: [] };
    }),
};
