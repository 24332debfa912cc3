import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

let installation: TestInstallation;
beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          { title: 'Tasks', sources: [{ title: 'Tasks', records: 350, properties: 'few' }] },
        ],
      },
    },
  });
});
afterAll(() => installation.close());

it('a schema that changes while it is read is read again, by the new schema, in the same run', async () => {
  const { world, faults } = installation.simulator;
  const change = () => {
    world.addProperty('Tasks', { name: 'Late', type: 'rich_text' });
    for (const id of world.ids('Tasks').slice(0, 3)) world.editRecord('Tasks', id, { Late: 'x' });
  };
  faults.add({ path: '/query', nth: 3, effect: { kind: 'run', run: change } });
  const summary = await installation.sync();
  expect(summary).toMatchObject({ status: 'complete', totals: { inserted: 350 } });
  const { rows } = await installation.database.pool.query(
    `select count(*) as late from notion.tasks where late = 'x'`,
  );
  expect(rows).toEqual([{ late: 3 }]);
  const truth = world.truth('Tasks');
  expect(await compareWithTruth(installation.database.pool, 'notion.tasks', truth)).toMatchObject({
    lost: 0,
    surplus: 0,
    different: 0,
  });
  expect((await installation.sync()).sources[0]).toMatchObject({ mode: 'incremental' });
});
