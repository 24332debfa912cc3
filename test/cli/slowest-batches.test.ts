import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SlowBatch } from '../../src/store/slowest-batches.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { testTemporal } from '../support/temporal.ts';
import { run } from './fake-io.ts';

/** Far longer than a batch of so few records takes. */
const DELAY_MS = 2_000;
let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          { title: 'Tasks', sources: [{ title: 'Tasks', records: 620, properties: 'few' }] },
        ],
      },
    },
    faults: [{ path: '/query', nth: 3, effect: { kind: 'delay', ms: DELAY_MS } }],
  });
});
afterAll(() => installation.close());

const command = (line: string, stdoutTTY = false) =>
  run(line, {
    real: true,
    stdoutTTY,
    env: {
      DATABASE_URL: installation.database.url,
      TEMPORAL_ADDRESS: testTemporal().address,
      NO_COLOR: '1',
    },
  });
const slowest = async () => {
  const { stdout } = await command('runs show --json');
  return (JSON.parse(stdout) as { slowest_batches: readonly SlowBatch[] }).slowest_batches;
};

describe('runs show', () => {
  it('lists the five slowest batches of the run, the slowest first', async () => {
    await command('tasks');
    const batches = await slowest();
    expect(batches).toHaveLength(5);
    const [first] = batches;
    expect(first).toEqual({
      source: 'tasks',
      batch: '3',
      batches: 1,
      records: 100,
      fetch_ms: expect.any(Number),
      merge_ms: expect.any(Number),
      waited_ms: 0,
      merged_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(first?.fetch_ms).toBeGreaterThanOrEqual(DELAY_MS);
    const times = batches.map(({ fetch_ms, merge_ms }) => fetch_ms + merge_ms);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });

  it('has them as a table, and as rows in a pipe', async () => {
    const table = (await command('runs show', true)).stdout;
    expect(table).toMatch(
      /\nslowest batches\nSOURCE +BATCH +RECORDS +FETCH +WAITED +MERGE +MERGED\n/,
    );
    expect(table).toMatch(/\ntasks +3 +100 +2\.\d s +0 ms +\d+ ms +\d+ s ago\n/);
    const rows = (await command('runs show')).stdout;
    expect(rows).toMatch(/\n\ntasks\t3\t100\t2\d{3}\t0\t\d+\t\d{4}-\S+Z\n/);
    expect(rows).not.toContain('slowest');
  });

  it('has one line for batches that were published at once', async () => {
    await command('tasks --no-incremental --no-streaming');
    expect(await slowest()).toMatchObject([
      { source: 'tasks', batch: '1', batches: 7, records: 620 },
    ]);
    expect((await command('runs show', true)).stdout).toMatch(/\ntasks +7 at once +620 +/);
  });

  it('says nothing of batches when there were none', async () => {
    await command('airtable');
    expect(await slowest()).toEqual([]);
    expect((await command('runs show', true)).stdout).not.toContain('slowest');
  });
});
