import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

const ROWS = 30;
const MINUTES = 60_000;
let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          {
            title: 'Notes',
            sources: [
              {
                title: 'Notes',
                records: ROWS,
                properties: [
                  { name: 'Name', type: 'title' },
                  { name: 'Kind', type: 'select', options: ['draft', 'final'] },
                  { name: 'Sum', type: 'rollup', function: 'incomplete' },
                ],
              },
            ],
          },
        ],
      },
    },
  });
});
afterAll(() => installation.close());
beforeEach(() => installation.simulator.log.clear());
afterEach(() => installation.simulator.faults.clear());

interface Row {
  readonly content: string | null;
  readonly content_at: Date | null;
  readonly errors: Readonly<Record<string, string>> | null;
}

const wantContent = (content: 'markdown' | null) =>
  installation.catalog((catalog) => {
    const [source] = catalog.sources;
    if (source !== undefined && content !== null) source['content'] = content;
  });

async function row(id: string): Promise<Row> {
  const { rows } = await installation.database.pool.query<Row>(
    `select _content as content, _content_at as content_at, _errors as errors
       from notion.notes where _id = $1`,
    [id],
  );
  return rows[0] as Row;
}

/** Ids of rows whose content is not what the page holds now. */
async function stale(): Promise<readonly string[]> {
  const { world } = installation.simulator;
  const { rows } = await installation.database.pool.query<{ id: string; content: string | null }>(
    'select _id as id, _content as content from notion.notes where _deleted_at is null',
  );
  return rows
    .filter(({ id, content }) => world.body('Notes', id) !== content)
    .map(({ id }) => id)
    .toSorted();
}

const bodiesRead = () =>
  installation.simulator.log
    .requests({ path: '/markdown' })
    .map(({ path }) => path.split('/')[3])
    .toSorted();
const ids = () => installation.simulator.world.ids('Notes');
const idAt = (index: number) => ids().at(index) as string;
/** Long enough for every reading so far to count as later than the edits before it. */
const letSettle = () => installation.simulator.clock.advance(10 * MINUTES);
const full = () => installation.sync({ kind: 'all' }, { incremental: false });

describe('a source that wants content', () => {
  it('has the body of every page, one request each, when it is switched on', async () => {
    await installation.sync();
    expect(bodiesRead()).toEqual([]);
    installation.simulator.log.clear();
    await wantContent('markdown');
    const summary = await installation.sync();
    expect(summary).toMatchObject({ status: 'complete' });
    expect(summary.sources[0]).toMatchObject({ mode: 'incremental', certified: true });
    expect(bodiesRead()).toEqual(ids().toSorted());
    expect(await stale()).toEqual([]);
    expect(summary.totals.requests).toBe(installation.simulator.log.count());
    const { rows } = await installation.database.pool.query(
      `select (metrics ->> 'contents')::integer as contents from appsync.source_run
        order by finished_at desc limit 1`,
    );
    expect(rows).toEqual([{ contents: ROWS }]);
  });

  it('reads only what is new or edited after that, in incremental and in full scans', async () => {
    const { world } = installation.simulator;
    letSettle();
    await installation.sync();
    expect(bodiesRead()).toEqual([]);
    world.editBody('Notes', idAt(3), '# Edited in the app\n');
    const [created = ''] = world.createRecords('Notes', [{ Name: 'Fresh' }]);
    await installation.sync();
    expect(bodiesRead()).toEqual([idAt(3), created].toSorted());
    expect(await stale()).toEqual([]);
    letSettle();
    // Both edits were read within their minute, so they are read once more.
    await installation.sync();
    installation.simulator.log.clear();
    await full();
    expect(bodiesRead()).toEqual([]);
  });

  it('finds a body that was edited later in the minute in which it was read', async () => {
    const { world } = installation.simulator;
    letSettle();
    world.editBody('Notes', idAt(4), 'first\n');
    await installation.sync();
    // The page's time of edit has no seconds: with nothing but that, nobody could tell.
    world.editBody('Notes', idAt(4), 'second\n', { moveTime: false });
    await installation.sync();
    expect(await row(idAt(4))).toMatchObject({ content: 'second\n' });
  });

  it('keeps a content when only other values changed', async () => {
    const { world } = installation.simulator;
    letSettle();
    await installation.sync();
    installation.simulator.log.clear();
    world.renameOption('Notes', 'Kind', 'draft', 'sketch');
    const summary = await full();
    expect(summary.totals.updated).toBeGreaterThan(0);
    expect(bodiesRead()).toEqual([]);
  });

  it('keeps links to hosted files without the signature that dies within the hour', async () => {
    const link = 'https://prod-files-secure.s3.us-west-2.amazonaws.com/w/k/plan.png';
    installation.simulator.world.editBody('Notes', idAt(5), `![Plan](${link})\n`);
    await installation.sync();
    expect(await row(idAt(5))).toMatchObject({ content: `![Plan](${link})\n` });
  });
});

describe('a content that is not whole', () => {
  it('says so beside the record’s own errors, also after a merge, until it is read whole', async () => {
    const { world } = installation.simulator;
    letSettle();
    world.editBody('Notes', idAt(0), 'Long\n', { truncated: true, unknownBlocks: ['b1', 'b2'] });
    expect((await installation.sync()).status).toBe('complete');
    const note = expect.stringMatching(/cut it short.*2 blocks are missing/);
    expect(await row(idAt(0))).toMatchObject({
      content: 'Long\n',
      errors: { sum: expect.any(String), _content: note },
    });

    letSettle();
    await installation.sync();
    installation.simulator.log.clear();
    world.renameOption('Notes', 'Kind', 'final', 'done');
    await full();
    expect(bodiesRead()).toEqual([]);
    expect((await row(idAt(0))).errors).toEqual({ sum: expect.any(String), _content: note });

    world.editBody('Notes', idAt(0), 'Short\n');
    await installation.sync();
    expect((await row(idAt(0))).errors).toEqual({ sum: expect.any(String) });
  });
});

describe('a page that cannot be read', () => {
  const refuse = (id: string, status: number, times = 1) =>
    installation.simulator.faults.add({
      platform: 'notion',
      path: `/v1/pages/${id}/markdown`,
      times,
      effect: {
        kind: 'answer',
        status,
        body: { object: 'error', status, code: 'object_not_found', message: 'No such page.' },
      },
    });

  it.each([404, 400, 403])(
    'keeps its last content with a note (%i), and stops nobody',
    async (status) => {
      const { world } = installation.simulator;
      letSettle();
      const before = await row(idAt(1));
      world.editBody('Notes', idAt(1), `Unseen ${status}\n`);
      world.editBody('Notes', idAt(2), `Seen ${status}\n`);
      refuse(idAt(1), status);
      expect((await installation.sync()).status).toBe('complete');
      expect(await row(idAt(1))).toMatchObject({
        content: before.content,
        errors: { _content: expect.stringMatching(/^not read: /) },
      });
      expect(await stale()).toEqual([idAt(1)]);
      // The next scan that meets it tries again.
      await installation.sync();
      expect(await stale()).toEqual([]);
      expect((await row(idAt(1))).errors).toEqual({ sum: expect.any(String) });
    },
  );

  it('for now is tried again, while the others are read, however many come first', async () => {
    const { world } = installation.simulator;
    letSettle();
    for (const id of ids()) world.editBody('Notes', id, 'All new\n');
    const failing = ids().toSorted().slice(0, 8);
    for (const id of failing) refuse(id, 503, 0);
    const run = await installation.start();
    await until(async () => (await stale()).join() === failing.join());
    installation.simulator.faults.clear();
    expect(await run.finished()).toMatchObject({ status: 'complete' });
    expect(await stale()).toEqual([]);
  });

  it('fails the source when it is not the pages’ fault, and nothing is noted or lost', async () => {
    const { world } = installation.simulator;
    letSettle();
    for (const id of ids()) world.editBody('Notes', id, 'New again\n');
    installation.simulator.faults.add({
      path: '/markdown',
      times: 0,
      effect: { kind: 'named', name: 'notion restricted' },
    });
    const failed = await installation.sync();
    expect(failed.sources[0]).toMatchObject({
      status: 'failed',
      error: { type: 'Forbidden', hint: expect.stringContaining('capability') },
    });
    installation.simulator.faults.clear();
    installation.simulator.log.clear();
    expect(await installation.sync()).toMatchObject({ status: 'complete', totals: { read: 0 } });
    expect(installation.simulator.log.count({ path: '/query' })).toBe(0);
    expect(await stale()).toEqual([]);
    const { rows } = await installation.database.pool.query(
      `select 1 from notion.notes where _errors ? '_content'`,
    );
    expect(rows).toEqual([]);
  });
});

describe('edits that leave no trace in the page’s time', () => {
  it('are found by full scans among the contents that were read longest ago', async () => {
    const { world } = installation.simulator;
    letSettle();
    await installation.sync();
    world.editBody('Notes', idAt(7), 'Edited over the API\n', { moveTime: false });
    await installation.sync();
    await full();
    expect(await stale()).toEqual([idAt(7)]);
    installation.simulator.clock.advance(8 * 24 * 60 * MINUTES);
    installation.simulator.log.clear();
    await full();
    expect(await stale()).toEqual([]);
    await full();
    expect(bodiesRead()).toEqual(ids().toSorted());
  });
});

describe('content that is switched off', () => {
  it('stays in its column and is read no more; back on, what was edited meanwhile is read', async () => {
    const { world } = installation.simulator;
    letSettle();
    await installation.sync();
    await wantContent(null);
    const before = await row(idAt(8));
    world.editBody('Notes', idAt(8), 'While it was off\n');
    installation.simulator.log.clear();
    expect((await installation.sync()).status).toBe('complete');
    expect(bodiesRead()).toEqual([]);
    expect(await row(idAt(8))).toEqual(before);
    await wantContent('markdown');
    await installation.sync();
    expect(bodiesRead()).toEqual([idAt(8)]);
    expect(await stale()).toEqual([]);
  });

  it('while a queue is left does not keep the source from being complete', async () => {
    const { world, faults } = installation.simulator;
    world.editBody('Notes', idAt(9), 'Never read\n');
    faults.add({ path: '/markdown', times: 0, effect: { kind: 'named', name: 'notion blocked' } });
    const blocked = await installation.sync();
    expect(blocked.sources[0]).toMatchObject({ status: 'incomplete' });
    faults.clear();
    await installation.database.pool.query('delete from appsync.rate_budget');
    await wantContent(null);
    installation.simulator.log.clear();
    expect((await installation.sync()).sources[0]).toMatchObject({ status: 'complete' });
    expect(bodiesRead()).toEqual([]);
  });
});
