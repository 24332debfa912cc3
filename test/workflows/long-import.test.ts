import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

const ROWS = Number(process.env['APPSYNC_LONG_ROWS'] ?? 3_100);
const BATCH = Number(process.env['APPSYNC_LONG_BATCH'] ?? 10);
const CAP = BATCH * 100;
const RECORDS = Number(process.env['APPSYNC_LONG_RECORDS'] ?? 2_100);
let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    notion: { queryCap: CAP },
    world: {
      notion: {
        databases: [
          { title: 'Big', sources: [{ title: 'Big', records: ROWS, properties: 'few' }] },
        ],
      },
      airtable: {
        bases: [{ name: 'Shop', tables: [{ title: 'Deals', records: RECORDS, fields: 'few' }] }],
      },
    },
  });
});
afterAll(() => installation.close());

/** Events and completion of every run in the chain of a workflow, the first one last. */
async function historyLengths(workflowId: string): Promise<number[]> {
  const lengths: number[] = [];
  const query = `WorkflowId = '${workflowId}'`;
  for await (const run of installation.temporal.client.workflow.list({ query })) {
    lengths.push(run.historyLength ?? 0);
  }
  return lengths;
}

describe('a data source of more rows than one query gives and one history holds', () => {
  it('is copied whole, each record read once, over windows and continue-as-new', async () => {
    const target = { kind: 'source', name: 'big' } as const;
    const summary = await installation.sync(target, { batch_size: BATCH });
    expect(summary).toMatchObject({
      status: 'complete',
      totals: { read: ROWS, inserted: ROWS, updated: 0, unchanged: 0 },
    });
    const truth = installation.simulator.world.truth('Big');
    expect(await compareWithTruth(installation.database.pool, 'notion.big', truth)).toEqual({
      rows: ROWS,
      expected: ROWS,
      lost: 0,
      surplus: 0,
      different: 0,
    });
    const source = summary.sources[0];
    expect(source?.certified).toBe(true);
    // One request per page, one for the schema, and what windows share at their edges.
    expect(source?.requests).toBeLessThan(ROWS / BATCH + 10 + (2 * ROWS) / CAP);
    const lengths = await historyLengths(source?.workflow_id ?? '');
    expect(Math.max(...lengths)).toBeLessThan(4_096);
    expect(lengths.length).toBeGreaterThan(1);
    if (process.env['APPSYNC_LONG_ROWS'] !== undefined)
      process.stderr.write(`events per run: ${lengths.join(', ')}\n`);
  });
});

describe('an Airtable table of many pages', () => {
  it('is copied whole, each record read once', async () => {
    const summary = await installation.sync({ kind: 'source', name: 'deals' });
    expect(summary).toMatchObject({
      status: 'complete',
      totals: { read: RECORDS, inserted: RECORDS, updated: 0, unchanged: 0 },
    });
    const truth = installation.simulator.world.truth('Deals', { fieldsById: true });
    expect(
      await compareWithTruth(installation.database.pool, 'airtable.deals', truth),
    ).toMatchObject({ rows: RECORDS, lost: 0, surplus: 0, different: 0 });
    const [source] = summary.sources;
    expect(source?.certified).toBe(true);
    // A request per page, and one for the schema before and after.
    expect(source?.requests).toBe(Math.ceil(RECORDS / 100) + 2);
  });
});
