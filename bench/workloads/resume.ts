import { median } from '../arithmetic.ts';
import { checkRows } from '../check-rows.ts';
import { appsync } from '../competitors/appsync.ts';
import { figure } from '../results.ts';
import { withStage, type Stage } from '../stage.ts';
import { until } from '../until.ts';
import { notionWorld, type BenchSource } from '../worlds.ts';
import type { Workload } from './workload.ts';

/** Of `FAST`: a batch of a thousand rows is ten pages. */
const PAGES_PER_BATCH = 10;

export const resume: Workload = {
  id: 'resume',
  about: 'kill -9 of the worker when half of 25,001 Notion rows are merged',
  when: 'always',
  run: (context) => {
    const records = context.quick ? 12_001 : 25_001;
    const world = notionWorld({ prefix: 'killed', count: context.rounds, records });
    return withStage(context, world, async (stage) => {
      const silences: number[] = [];
      const again: number[] = [];
      for (const source of world.sources) {
        const { silence, pagesAgain } = await killHalfway(stage, source);
        silences.push(silence);
        again.push(pagesAgain / PAGES_PER_BATCH);
      }
      const figures = [
        figure('from the kill to the next merged batch', median(silences), 's', { most: 15 }),
        figure('the longest', Math.max(...silences), 's'),
        figure('batches fetched again, the most', Math.max(...again), ''),
      ];
      return { workload: resume.id, title: resume.about, runs: [], figures, notes: [] };
    });
  },
};

async function killHalfway(stage: Stage, source: BenchSource) {
  await stage.simulator.forget();
  const { worker } = await stage.processes();
  const command = appsync.import(stage, [source], '');
  const merged = () => mergedRows(stage, source);
  const moreThan = (rows: number) => async () => ((await merged()) > rows ? true : null);
  await Promise.race([
    until(moreThan(source.records / 2), 'half of the rows', stage.signal),
    command.then(() => Promise.reject(new Error('the sync ended before its half was seen'))),
  ]);
  process.kill(worker, 'SIGKILL');
  const killedAt = performance.now();
  await until(moreThan(await merged()), 'the next batch', stage.signal);
  const silence = (performance.now() - killedAt) / 1000;
  await command;
  const stored = appsync.stored(source, '');
  if (stored !== null) await checkRows(stage, source, stored);
  return { silence, pagesAgain: await repeatedPages(stage) };
}

async function mergedRows({ db }: Stage, { alias }: BenchSource): Promise<number> {
  const { rows } = await db.query<{ merged: number }>(
    `select coalesce(sum((b.metrics ->> 'read')::integer), 0)::integer as merged
       from appsync.batch b join appsync.source s on s.id = b.source_id where s.alias = $1`,
    [alias],
  );
  return rows[0]?.merged ?? 0;
}

/** Queries that were asked more than once, to the cursor. */
async function repeatedPages({ simulator }: Stage): Promise<number> {
  const queries = (await simulator.requests())
    .filter(({ path }) => path.endsWith('/query'))
    .map(({ body }) => JSON.stringify(body));
  return queries.length - new Set(queries).size;
}
