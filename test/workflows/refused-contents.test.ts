import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({ world: simpleWorld({ notion: { Notes: 40 } }) });
  await installation.catalog((catalog) => {
    const [source] = catalog.sources;
    if (source !== undefined) source['content'] = 'markdown';
  });
  await installation.sync();
});
afterAll(() => installation.close());

const ids = () => installation.simulator.world.ids('Notes');

async function notes(): Promise<readonly string[]> {
  const { rows } = await installation.database.pool.query<{ note: string }>(
    `select _errors ->> '_content' as note from notion.notes where _errors ? '_content'`,
  );
  return rows.map(({ note }) => note);
}

/** A body for each of these, and no answer when it is read. */
function refuse(those: readonly string[]): void {
  for (const id of those) {
    installation.simulator.world.editBody('Notes', id, `New ${id}\n`);
    installation.simulator.faults.add({
      platform: 'notion',
      path: `/v1/pages/${id}/markdown`,
      times: 0,
      effect: {
        kind: 'answer',
        status: 404,
        body: { object: 'error', status: 404, code: 'object_not_found', message: 'No such page.' },
      },
    });
  }
}

describe('more refused contents than may be the fault of the records', () => {
  it('are noted one by one as long as a content that was read before still can be', async () => {
    refuse(ids().slice(0, 30));
    expect(await installation.sync()).toMatchObject({ status: 'complete' });
    expect(await notes()).toHaveLength(30);
    installation.simulator.faults.clear();
    await installation.sync();
    expect(await notes()).toEqual([]);
  });
});

describe('a content that Postgres refuses', () => {
  it('is noted, keeps the last one, and stops nobody', async () => {
    const { pool } = installation.database;
    await pool.query('alter table notion.notes add constraint short check (length(_content) < 80)');
    const [id = '', other = ''] = ids();
    installation.simulator.world.editBody('Notes', id, `${'long '.repeat(40)}\n`);
    installation.simulator.world.editBody('Notes', other, 'short\n');
    expect(await installation.sync()).toMatchObject({ status: 'complete' });
    expect(await notes()).toEqual([expect.stringContaining('not written: a check')]);
    const { rows } = await pool.query(
      'select _content from notion.notes where _id = any($1) order by _content',
      [[id, other]],
    );
    expect(rows).toEqual([{ _content: expect.stringMatching(/^New/) }, { _content: 'short\n' }]);
    await pool.query('alter table notion.notes drop constraint short');
  });
});

describe('an incremental scan whose contents fail every time', () => {
  it('is not gone on with for more than an hour: new edits come in all the same', async () => {
    const { simulator, database } = installation;
    refuse(ids());
    expect(await installation.sync()).toMatchObject({ status: 'failed' });
    await database.pool.query(`update appsync.scan set created_at = now() - interval '2 hours'`);
    simulator.log.clear();
    await installation.sync();
    expect(simulator.log.count({ path: '/query' })).toBeGreaterThan(0);
    simulator.faults.clear();
    expect(await installation.sync()).toMatchObject({ status: 'complete' });
    expect(await notes()).toEqual([]);
  });
});
