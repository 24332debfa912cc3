import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../../support/installation.ts';
import { commandLines } from './command-lines.ts';

const RECORDS = 450;
let installation: TestInstallation;
let sync: ReturnType<typeof commandLines>['sync'];

beforeAll(async () => {
  const records = { title: 'Tasks', records: RECORDS };
  installation = await startInstallation({
    world: {
      notion: { databases: [{ title: 'Tasks', sources: [{ ...records, properties: 'few' }] }] },
      airtable: {
        bases: [{ name: 'Work', tables: [{ ...records, title: 'Orders', fields: 'few' }] }],
      },
    },
  });
  ({ sync } = commandLines(installation));
});
afterAll(() => installation.close());

/** Records of each batch that a run merged of a source. */
async function batchesOf(runId: string, alias: string): Promise<readonly number[]> {
  const { rows } = await installation.database.pool.query<{ records: number }>(
    `select b.records from appsync.batch b join appsync.source s on s.id = b.source_id
      where b.run_id = $1 and s.alias = $2 order by b.batch_no`,
    [runId, alias],
  );
  return rows.map(({ records }) => records);
}

const pagesOf = (platform: 'notion' | 'airtable') =>
  installation.simulator.log.count({ platform, path: /\/(query|listRecords|tbl\w+)$/ });

describe('--batch-size', () => {
  it.each([
    ['1000', [450], 5],
    ['200', [200, 200, 50], 5],
    ['100', [100, 100, 100, 100, 50], 5],
    ['50', [50, 50, 50, 50, 50, 50, 50, 50, 50], 9],
  ])('%s merges batches of %j with %i pages', async (size, batches, pages) => {
    const { run_id, totals } = await sync(`all --no-incremental --batch-size ${size}`);
    expect(totals).toMatchObject({ read: 2 * RECORDS });
    expect(await batchesOf(run_id, 'tasks')).toEqual(batches);
    expect(await batchesOf(run_id, 'orders')).toEqual(batches);
    expect([pagesOf('notion'), pagesOf('airtable')]).toEqual([pages, pages]);
  });
});
