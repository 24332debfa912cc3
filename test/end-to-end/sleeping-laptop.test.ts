import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunSummary } from '../../src/contract/summary.ts';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import {
  AIRTABLE_TOKEN,
  NOTION_TOKEN,
  simpleWorld,
  startSimulator,
  type Simulator,
} from '../../src/sim/simulator.ts';
import { runAppsync } from '../support/cli-process.ts';
import { createReapedDirectory, type ReapedDirectory } from '../support/reaped-directory.ts';
import { putToSleep } from '../support/sleeping.ts';
import { until } from '../support/until.ts';

const ROWS = 2_500;
const TWO_DAYS_MS = 2 * 24 * 3_600_000;
/**
 * Longer than any of our time-outs that a sleep can meet: heartbeats (10 s), the wait for a worker (10 s), and the
 * time that a command gives a connection.
 */
const ASLEEP_MS = 20_000;

let directory: ReapedDirectory;
let simulator: Simulator;
let env: Record<string, string | undefined>;

beforeAll(async () => {
  directory = await createReapedDirectory();
  // The rates of the platforms, so that the import is in the middle when the lid closes; of Airtable one more than is
  // asked for: on a busy machine a request may take longer to arrive than the budget's margin.
  simulator = await startSimulator({
    notion: { rateLimit: 600 },
    airtable: { rateLimit: 6 },
    world: simpleWorld({ notion: { Tasks: ROWS, People: 300 }, airtable: { Orders: 1_000 } }),
  });
  env = {
    PATH: process.env['PATH'],
    TEMPORAL_CLI_PATH: process.env['TEMPORAL_CLI_PATH'],
    HOME: directory.path,
    APPSYNC_HOME: join(directory.path, 'home'),
    NOTION_TOKEN,
    NOTION_BASE_URL: simulator.notionUrl,
    AIRTABLE_TOKEN,
    AIRTABLE_ENDPOINT_URL: simulator.airtableUrl,
  };
});
afterAll(async () => {
  await appsync('down');
  await simulator.close();
  await directory.end();
});

const appsync = (...args: readonly string[]) => runAppsync(args, directory.path, env);

async function document(...args: readonly string[]) {
  const { code, stdout, stderr } = await appsync(...args, '--json');
  if (stdout === '') throw new Error(`appsync ${args.join(' ')}: exit ${code}: ${stderr}`);
  return { code, document: JSON.parse(stdout) as unknown };
}

/** Each refusal with what arrived in the second before it, in milliseconds before. */
function refused() {
  const all = simulator.log.requests();
  return all
    .filter(({ status }) => status === 429)
    .map((refusal) => ({
      refusal,
      before: all
        .filter(({ platform, serial }) => platform === refusal.platform && serial < refusal.serial)
        .map(({ arrived, path }) => ({ ms: Math.round(refusal.arrived - arrived), path }))
        .filter(({ ms }) => ms < 1_500),
    }));
}

describe('a laptop that sleeps for two days in the middle of an import', () => {
  it('goes on with it by itself, and nothing is lost, doubled or asked too fast', async () => {
    expect((await appsync('init', '--yes')).code).toBe(0);
    const started = (await document('sync-all', '--no-wait', '--rate-limit', '5'))
      .document as RunSummary;
    const status = (await document('status')).document as { postgres: { url: string } };
    const read = async () => {
      const run = (await document('runs', 'show', started.run_id)).document as RunSummary;
      return run.totals.read;
    };
    await until(async () => (await read()) > 500);

    const wake = putToSleep(env['APPSYNC_HOME'] ?? '');
    const requests = simulator.log.count();
    let during: number;
    try {
      await sleep(ASLEEP_MS);
      during = simulator.log.count() - requests;
      simulator.clock.advance(TWO_DAYS_MS);
    } finally {
      // Whatever happens: what is asleep cannot be told to end.
      wake();
    }
    // Requests that were on their way when the lid closed; awake, it would have been a hundred.
    expect(during).toBeLessThan(10);

    const { code, document: ended } = await document('runs', 'watch', started.run_id);
    expect(code).toBe(0);
    expect(ended).toMatchObject({
      run_id: started.run_id,
      status: 'complete',
      totals: { read: ROWS + 1_300, inserted: ROWS + 1_300, deleted: 0, rate_limited: 0 },
    });
    const summary = ended as RunSummary;
    expect(summary.sources.map(({ certified }) => certified)).toEqual([true, true, true]);
    const db = new pg.Pool({ connectionString: status.postgres.url, max: 1 });
    for (const [title, table, options] of [
      ['Tasks', 'notion.tasks', {}],
      ['People', 'notion.people', {}],
      ['Orders', 'airtable.orders', { fieldsById: true }],
    ] as const) {
      const truth = simulator.world.truth(title, options);
      const same = { lost: 0, surplus: 0, different: 0 };
      expect(await compareWithTruth(db, table, truth)).toMatchObject(same);
    }
    await db.end();
    expect(refused()).toEqual([]);
  });
});
