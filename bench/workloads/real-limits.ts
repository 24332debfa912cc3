import { bestMs, type Budget } from '../arithmetic.ts';
import { checkRows } from '../check-rows.ts';
import { appsync, summaryOf } from '../competitors/appsync.ts';
import { measure } from '../measure.ts';
import { figure, type Figure } from '../results.ts';
import { withStage, type BenchContext } from '../stage.ts';
import { airtableWorld, notionWorld, type BenchSource, type BenchWorld } from '../worlds.ts';
import type { Workload } from './workload.ts';

const LATENCY_MS = 120;

const UNCHANGED_TABLES = 50;
const UNCHANGED = `Airtable, ${UNCHANGED_TABLES} tables of a base, unchanged`;

/** What a budget may give at once: ten seconds' worth of Notion's rate, and all of a second's of Airtable's. */
const BURST = { notion: 30, airtable: 5 } as const;

const LIMITS = {
  notion: { rateLimit: 180, rateWindowMs: 60_000, latencyMs: LATENCY_MS },
  airtable: { rateLimit: 5, rateWindowMs: 1_000, latencyMs: LATENCY_MS },
} as const;

interface Case {
  readonly name: string;
  readonly platform: 'notion' | 'airtable';
  readonly world: BenchWorld;
}

/** Requests of about two and a half minutes of Notion's budget, and of a minute and a half of Airtable's. */
function cases(quick: boolean): readonly Case[] {
  const part = quick ? 0.1 : 1;
  const notion = (prefix: string, count: number) =>
    notionWorld({ prefix, count, records: (45_000 * part) / count });
  const airtable = (prefix: string, count: number) =>
    airtableWorld({ prefix, count, records: (40_000 * part) / count }, 'one base');
  return [
    { name: 'Notion, ten sources', platform: 'notion', world: notion('ten', 10) },
    { name: 'Notion, one source', platform: 'notion', world: notion('one', 1) },
    { name: 'Airtable, ten tables of a base', platform: 'airtable', world: airtable('ten', 10) },
    { name: 'Airtable, one table', platform: 'airtable', world: airtable('one', 1) },
  ];
}

export const realLimits: Workload = {
  id: 'real-limits',
  about: 'first imports under the real limits, 120 ms a request',
  when: 'always',
  run: async (context) => {
    const figures: Figure[] = [];
    for (const one of cases(context.quick)) {
      context.tell(`real-limits: ${one.name}`);
      figures.push(...(await importWithin(context, one)));
    }
    figures.push(...(await unchangedWithin(context)));
    const notes = [
      'The best time is the least that the budget allows for the fewest requests: a burst (30 of Notion, 5 of ' +
        "Airtable, though ours spreads these evenly), then the limit's rate, never more than the limit in a window, and a request at a time per source; " +
        'the limit alone would allow all of a window at once; the even pace is the same requests at the rate of the ' +
        'limit. Once each, whatever the number of rounds.',
    ];
    return { workload: realLimits.id, title: realLimits.about, runs: [], figures, notes };
  },
};

/** One answer of Airtable has the schemas of all tables of a base. */
const schemasOf = (sources: readonly BenchSource[]) =>
  new Set(sources.map(({ ref, alias }) => ref['base'] ?? alias)).size;

/** The sync of many tables of a base after one in which nothing changed. */
function unchangedWithin(context: BenchContext) {
  const world = airtableWorld({ prefix: 'same', count: UNCHANGED_TABLES, records: 3 }, 'one base');
  context.tell(`real-limits: ${UNCHANGED}`);
  return withStage(
    context,
    world,
    async (stage) => {
      await stage.appsync('sync-fast', 'airtable', '--json');
      const run = await measure(stage, 'appsync', () =>
        stage.appsync('sync-fast', 'airtable', '--json'),
      );
      const { inserted, updated, deleted } = summaryOf(run.end).totals;
      const requests = await stage.simulator.requests();
      const fewest = UNCHANGED_TABLES + schemasOf(world.sources);
      return [
        figure(`${UNCHANGED}: wall time`, run.seconds, 's'),
        figure(`${UNCHANGED}: requests / fewest`, run.requests / fewest, '×'),
        figure(`${UNCHANGED}: rows written`, inserted + updated + deleted, '', { most: 0 }),
        figure(`${UNCHANGED}: answers 429`, requests.filter(isRefused).length, '', { most: 0 }),
      ];
    },
    LIMITS,
  );
}

const isRefused = ({ status }: { readonly status: number }) => status === 429;

function importWithin(context: BenchContext, { name, platform, world }: Case) {
  const { sources } = world;
  return withStage(
    context,
    world,
    async (stage) => {
      // As users run it where limits are real: the plan's rate, not one without an end.
      const run = await measure(stage, 'appsync', () =>
        stage.appsync('sync-fast', platform, '--batch-size', '1000', '--json'),
      );
      const refused = (await stage.simulator.requests()).filter(isRefused);
      await stage.simulator.liftLimits();
      for (const source of sources) {
        const stored = appsync.stored(source, '');
        if (stored !== null) await checkRows(stage, source, stored);
      }
      const { rateLimit: requests, rateWindowMs: windowMs } = LIMITS[platform];
      const atOnce = sources.length;
      const windows: Budget = {
        requests,
        windowMs,
        burst: requests,
        latencyMs: LATENCY_MS,
        atOnce,
      };
      const pages = sources.reduce((sum, { records }) => sum + Math.ceil(records / 100), 0);
      const fewest = pages + schemasOf(sources);
      const best = bestMs(fewest, { ...windows, burst: BURST[platform] }) / 1000;
      const greedy = bestMs(fewest, windows) / 1000;
      const even = (fewest * windowMs) / requests / 1000;
      return [
        figure(`${name}: wall time`, run.seconds, 's'),
        figure(`${name}: time / best`, run.seconds / best, '×', { most: 1.05 }),
        figure(`${name}: time / limit alone`, run.seconds / greedy, '×'),
        figure(`${name}: time / even pace`, run.seconds / even, '×'),
        figure(`${name}: requests / fewest`, run.requests / fewest, '×'),
        figure(`${name}: answers 429`, refused.length, '', { most: 0 }),
      ];
    },
    LIMITS,
  );
}
