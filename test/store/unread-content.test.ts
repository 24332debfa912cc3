import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { inTransaction } from '../../src/store/database.ts';
import { fitTable } from '../../src/store/destination/fit-table.ts';
import { readSource, type SourceRow } from '../../src/store/sources.ts';
import {
  countUnread,
  prepareContent,
  queueOldest,
  readUnread,
  settleContent,
} from '../../src/store/unread-content.ts';
import { insertSource } from '../support/catalog-rows.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const NOW = '2026-11-20T12:00:00.000Z';
let database: TestDatabase;
let id: number;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const query = (sql: string, values: readonly unknown[] = []) =>
  database.pool.query(sql, [...values]);
const source = (): Promise<SourceRow> => readSource(database.pool, id);
const table = async () => `notion.${(await source()).table_name}`;
const want = (content: string | null) =>
  query('update appsync.source set content = $2 where id = $1', [id, content]);
const prepare = async (as?: SourceRow) => {
  const row = as ?? (await source());
  await inTransaction(database.pool, (tx) => prepareContent(tx, row));
};
const unread = () => countUnread(database.pool, id);
const empty = () => query('delete from appsync.unread_content where source_id = $1', [id]);

beforeEach(async () => {
  id = await insertSource(database.pool);
  const row = await source();
  await inTransaction(database.pool, (tx) => fitTable(tx, row, []));
  await want('markdown');
  await prepare();
});

/** Rows whose content was read so many days ago, the first one longest ago; edited a year ago. */
const insertRead = async (rows: number, days: number) =>
  query(
    `insert into ${await table()} (_id, _edited_at, _content, _content_at)
     select 'r' || lpad(n::text, 5, '0'), $2::timestamptz - interval '1 year', '',
            $2::timestamptz - $3 * interval '1 day' + n * interval '1 second'
       from generate_series(1, $1) n`,
    [rows, NOW, days],
  );
const oldest = async () => {
  const row = await source();
  await inTransaction(database.pool, (tx) => queueOldest(tx, row, NOW));
};

describe('what a full scan reads again', () => {
  it('is a tenth of all contents, those that were read longest ago', async () => {
    await insertRead(2_000, 30);
    await oldest();
    expect(await unread()).toBe(200);
    const [first, ...others] = await readUnread(database.pool, await source(), 1_000);
    expect([first?.record_id, others.at(-1)?.record_id]).toEqual(['r00001', 'r00200']);
    // A scan that begins anew finds the same ones waiting.
    await oldest();
    expect(await unread()).toBe(200);
  });

  it('is all of a small table, and nothing that was read within a week', async () => {
    await insertRead(90, 30);
    await oldest();
    expect(await unread()).toBe(90);
    await empty();
    await query(`update ${await table()} set _content_at = $1`, ['2026-11-16T00:00:00Z']);
    await oldest();
    expect(await unread()).toBe(0);
  });
});

describe('getting a table ready for content', () => {
  it('queues live rows once', async () => {
    await want(null);
    await prepare();
    await insertRead(5, 30);
    await query(`update ${await table()} set _content_at = null where _id <> 'r00001'`);
    await query(`update ${await table()} set _deleted_at = now() where _id = 'r00005'`);
    await want('markdown');
    await prepare();
    expect(await unread()).toBe(3);
    await empty();
    await prepare();
    expect(await unread()).toBe(0);
  });

  it('goes by what it was told, should the catalog change meanwhile', async () => {
    await insertRead(3, 30);
    await oldest();
    await want(null);
    const off = await source();
    await want('markdown');
    await prepare(off);
    expect((await source()).content_kept).toBeNull();
    await query(`update ${await table()} set _content_at = null`);
    await prepare();
    expect(await unread()).toBe(3);
  });
});

describe('a reading', () => {
  const settle = async (ticket: number, text: string) => {
    const row = await source();
    await inTransaction(database.pool, (tx) =>
      settleContent(tx, row, {
        kind: 'read',
        record_id: 'r00001',
        ticket,
        text,
        note: null,
        read_at: NOW,
        run_id: 'run',
      }),
    );
  };
  const row = async () => {
    const { rows } = await query(
      `select _content as content, _run_id as run_id, _synced_at as synced_at from ${await table()}`,
    );
    return rows[0] as { content: string; run_id: string | null; synced_at: Date };
  };

  it('that finds the same content does not count as a change of the row', async () => {
    await insertRead(1, 30);
    await oldest();
    const before = await row();
    const [queued] = await readUnread(database.pool, await source(), 1);
    await settle(queued?.ticket ?? 0, '');
    expect(await row()).toEqual(before);
    expect(await unread()).toBe(0);
  });

  it('counts only for the ticket it was made for', async () => {
    await insertRead(1, 30);
    await oldest();
    const [queued] = await readUnread(database.pool, await source(), 1);
    await settle((queued?.ticket ?? 0) - 1, 'late');
    expect(await row()).toMatchObject({ content: '' });
    await settle(queued?.ticket ?? 0, 'asked for');
    expect(await row()).toMatchObject({ content: 'asked for', run_id: 'run' });
  });
});
