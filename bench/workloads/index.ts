import { airtableWorld, notionWorld } from '../worlds.ts';
import { firstImport } from './first-import.ts';
import { list } from './list.ts';
import { manyDue } from './many-due.ts';
import { million } from './million.ts';
import { onePercent } from './one-percent.ts';
import { realLimits } from './real-limits.ts';
import { resume } from './resume.ts';
import { start } from './start.ts';
import { unchanged } from './unchanged.ts';
import type { Workload } from './workload.ts';

/** Every workload, in the order in which they run. */
export const WORKLOADS: readonly Workload[] = [
  firstImport({
    id: 'notion-25k',
    about: 'first import of a Notion data source, 25,001 rows of 10 properties',
    round: (round, quick) =>
      notionWorld({ prefix: `round-${round + 1}`, count: 1, records: quick ? 2_501 : 25_001 }),
    dltInstead: (quick) =>
      notionWorld({ prefix: 'below-cap', count: 1, records: quick ? 900 : 9_000 }),
    targets: { dlt: 5, plain: 1.5, copy: 0.25 },
  }),
  firstImport({
    id: 'notion-types',
    about: 'first import of a Notion data source, 5,000 rows with every type of property',
    round: (round, quick) =>
      notionWorld(
        { prefix: `round-${round + 1}`, count: 1, records: quick ? 500 : 5_000 },
        'every type',
      ),
  }),
  firstImport({
    id: 'airtable-50k',
    about: 'first import of an Airtable table, 50,000 records of 12 fields',
    round: (round, quick) =>
      airtableWorld({ prefix: `round-${round + 1}`, count: 1, records: quick ? 5_000 : 50_000 }),
    targets: { dlt: 4, plain: 1 },
  }),
  firstImport({
    id: 'ten-sources',
    about: 'first import of ten Notion data sources of 2,500 rows side by side',
    round: (round, quick) =>
      notionWorld({ prefix: `round-${round + 1}`, count: 10, records: quick ? 250 : 2_500 }),
  }),
  unchanged,
  onePercent,
  resume,
  start,
  list,
  manyDue,
  realLimits,
  million,
];
