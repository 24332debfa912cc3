import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenSourceRef } from '../../src/contract/activities.ts';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { activityRunner, newRun } from '../support/activities.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({ world: simpleWorld({ notion: { Notes: 4 } }) });
  await installation.catalog((catalog) => {
    const [source] = catalog.sources;
    if (source !== undefined) source['content'] = 'markdown';
  });
  await installation.sync();
});
afterAll(() => installation.close());

const idOf = (index: number) => installation.simulator.world.ids('Notes').at(index) as string;

async function open(execution: string) {
  const { run, openSource } = await activityRunner(installation, execution);
  const about = await newRun(installation, execution);
  const opened = await openSource({ ...about, give_up_scan: null });
  const source: OpenSourceRef = { ...about, fence: opened.fence, scan: opened.scan };
  return { run, source };
}

const queue = (id: string) =>
  installation.database.pool.query(
    `insert into appsync.unread_content (source_id, record_id) select id, $1 from appsync.source
     on conflict (source_id, record_id) do update set ticket = default`,
    [id],
  );

async function contentOf(id: string): Promise<string | undefined> {
  const { rows } = await installation.database.pool.query<{ content: string }>(
    'select _content as content from notion.notes where _id = $1',
    [id],
  );
  return rows[0]?.content;
}

const asked = () => installation.simulator.log.count({ path: '/markdown' });

describe('a late attempt at reading contents', () => {
  it('never replaces what a later attempt read', async () => {
    const { world, log } = installation.simulator;
    const { run, source } = await open('late');
    const id = idOf(0);
    world.editBody('Notes', id, 'old\n');
    await queue(id);
    log.clear();
    // Both attempts have read when the first of them gets to write.
    const client = await installation.database.pool.connect();
    await client.query('begin; select 1 from appsync.source for no key update');
    const late = run('readContents', { source });
    await until(() => asked() === 1);
    world.editBody('Notes', id, 'new\n');
    await queue(id);
    const later = run('readContents', { source });
    await until(() => asked() === 2);
    await client.query('commit');
    client.release();
    await late;
    expect(await later).toMatchObject({ remaining: 0 });
    expect(await contentOf(id)).toBe('new\n');
  });

  it('writes nothing when another run has the source', async () => {
    const before = await contentOf(idOf(1));
    const first = await open('first');
    await queue(idOf(1));
    installation.simulator.world.editBody('Notes', idOf(1), 'unwanted\n');
    const second = await open('second');
    await expect(first.run('readContents', { source: first.source })).rejects.toMatchObject({
      type: 'FenceLost',
    });
    expect(await contentOf(idOf(1))).toBe(before);
    expect(await second.run('readContents', { source: second.source })).toMatchObject({
      remaining: 0,
      metrics: { contents: 1 },
    });
    expect(await contentOf(idOf(1))).toBe('unwanted\n');
  });
});

describe('a record that is gone from its table', () => {
  it('is taken out of the queue without a request', async () => {
    const { run, source } = await open('gone');
    await queue('no-such-record');
    installation.simulator.log.clear();
    expect(await run('readContents', { source })).toMatchObject({ remaining: 0 });
    expect(asked()).toBe(0);
  });
});

describe('a table whose content columns somebody dropped', () => {
  it('gets them again, with the content of every row', async () => {
    await installation.database.pool.query('alter table notion.notes drop column _content');
    const { run, source } = await open('dropped');
    expect(await run('readContents', { source })).toMatchObject({
      remaining: 0,
      metrics: { contents: 4 },
    });
    expect(await contentOf(idOf(2))).toBe(installation.simulator.world.body('Notes', idOf(2)));
  });
});
