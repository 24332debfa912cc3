import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../../support/installation.ts';
import { commandLines } from './command-lines.ts';

/** Sources by component: one for each run whose pages are new to it, so that their bodies are read. */
const NOTES = { Pool: 4, Safe: 4, Default: 7, Fast: 12, Legacy: 2 };
const TABLES = 6;
/** Long beside all else that a request takes: whatever may be in flight at once is. */
const LATENCY_MS = 60;
const LONG_LATENCY_MS = 300;

let installation: TestInstallation;
let sync: ReturnType<typeof commandLines>['sync'];

beforeAll(async () => {
  const titles = Object.entries(NOTES).flatMap(([name, count]) =>
    Array.from({ length: count }, (_, i) => `${name} ${i + 1}`),
  );
  installation = await startInstallation({
    world: {
      notion: {
        databases: titles.map((title) => ({
          title,
          sources: [{ title, records: 12, properties: 'few' as const }],
        })),
      },
      airtable: {
        bases: [
          {
            name: 'Pool',
            tables: Array.from({ length: TABLES }, (_, i) => ({
              title: `Table ${i + 1}`,
              records: 250,
              fields: 'few' as const,
            })),
          },
        ],
      },
    },
  });
  setLatency(LATENCY_MS);
  await installation.catalog(({ sources }) => {
    for (const source of sources) {
      const isNotes = source['account'] === 'notion';
      Object.assign(source, {
        component: isNotes ? source.alias.split('-')[0] : 'pool',
        ...(isNotes ? { content: 'markdown' } : {}),
      });
    }
  });
  ({ sync } = commandLines(installation));
});
afterAll(() => installation.close());

function setLatency(latencyMs: number): void {
  const { knobs } = installation.simulator;
  knobs.notion.latencyMs = latencyMs;
  knobs.airtable.latencyMs = latencyMs;
}

const inFlight = (platform: 'notion' | 'airtable') =>
  installation.simulator.log.maxInFlight({ platform });

/** Most tables that were between the first and the last page of their listing at one moment. */
function tablesBeingRead(): number {
  const { log, world } = installation.simulator;
  const spans = world
    .sources()
    .filter(({ platform }) => platform === 'airtable')
    .map(({ externalId }) => log.requests({ path: externalId }).map(({ arrived }) => arrived))
    .map((times) => ({ from: Math.min(...times), to: Math.max(...times) }));
  return Math.max(
    ...spans.map(
      ({ from: now }) => spans.filter(({ from, to }) => from <= now && now <= to).length,
    ),
  );
}

/** Most sources of a run that were at work at one moment. */
async function sourcesAtWork(runId: string): Promise<number> {
  const { rows } = await installation.database.pool.query<{ most: number }>(
    `select max(n)::integer as most
       from appsync.source_run one, lateral (
              select count(*) as n from appsync.source_run other
               where other.run_id = one.run_id
                 and other.started_at <= one.started_at and one.started_at < other.finished_at
            ) together
      where one.run_id = $1`,
    [runId],
  );
  return rows[0]?.most ?? 0;
}

describe('--pool-size', () => {
  it('is how many requests of each account are in flight at most', async () => {
    const summary = await sync('sync-component pool --pool-size 3 --max-concurrent 8');
    expect(summary.totals).toMatchObject({ sources: 4 + TABLES, read: 4 * 12 + TABLES * 250 });
    expect([inFlight('notion'), inFlight('airtable')]).toEqual([3, 3]);
  });
});

describe('--max-concurrent', () => {
  it('is how many sources of a platform are read at once', async () => {
    await sync('airtable --no-incremental --max-concurrent 4 --pool-size 20');
    expect(tablesBeingRead()).toBe(4);
    await sync('airtable --no-incremental --max-concurrent 2 --pool-size 20');
    expect(tablesBeingRead()).toBe(2);
  });
});

describe('a preset is so many sources, and requests of an account, at once:', () => {
  it.each([
    ['sync-safe', 'safe', { sources: 2, requests: 5 }],
    ['sync-all', 'default', { sources: 5, requests: 10 }],
    ['sync-legacy', 'legacy', { sources: 1, requests: 1 }],
    ['sync-fast', 'fast', { sources: 10, requests: 20 }],
  ])('%s', async (shortcut, component, most) => {
    setLatency(component === 'legacy' ? LATENCY_MS : LONG_LATENCY_MS);
    const { run_id } = await sync(`${shortcut} --component ${component}`);
    expect({ sources: await sourcesAtWork(run_id), requests: inFlight('notion') }).toEqual(most);
  });
});
