import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

/** Base ids made so that tables of two bases have one id, as those of a duplicated base may. */
const TWIN = 'tblTWIN0000000001';
/** The catalog of all records was applied first, so its other sources are there, too. */
const WANTED = ['bases', 'tables', 'tasks', 'users'];
let installation: TestInstallation;

beforeAll(async () => {
  const table = (title: string, id?: string) => ({
    title,
    records: 2,
    ...(id === undefined ? {} : { id }),
  });
  installation = await startInstallation({
    airtable: { basesPerPage: 2 },
    world: {
      notion: {
        databases: [{ title: 'Tasks', sources: [{ title: 'Tasks', records: 3 }] }],
      },
      airtable: {
        bases: [
          { name: 'Sales', tables: [table('Orders', TWIN), table('Customers')] },
          { name: 'Sales copy', tables: [table('Orders copied', TWIN)] },
          { name: 'People', tables: [table('Staff')] },
        ],
      },
    },
  });
  await installation.catalog((catalog) => {
    catalog.sources = catalog.sources.filter(({ alias }) => alias === 'tasks');
    catalog.sources.push(
      { alias: 'users', account: 'notion', ref: { list: 'users' } },
      { alias: 'bases', account: 'airtable', ref: { list: 'bases' } },
      { alias: 'tables', account: 'airtable', ref: { list: 'tables' } },
    );
  });
});
afterAll(() => installation.close());
afterEach(() => installation.simulator.faults.clear());

const rows = async (sql: string) =>
  (await installation.database.pool.query<Record<string, unknown>>(sql)).rows;

describe('listings of a platform', () => {
  it('are copied whole into tables of their own, over all pages', async () => {
    const summary = await installation.sync({ kind: 'all' }, { batch_size: 10 });
    expect(summary.status).toBe('complete');
    expect(
      summary.sources.flatMap(({ alias, external_id, table, mode, certified, read }) =>
        WANTED.includes(alias) ? [{ alias, external_id, table, mode, certified, read }] : [],
      ),
    ).toEqual(
      [
        { alias: 'bases', external_id: 'list/bases', table: 'airtable.bases', read: 3 },
        { alias: 'tables', external_id: 'list/tables', table: 'airtable.tables', read: 4 },
        { alias: 'tasks', external_id: expect.any(String), table: 'notion.tasks', read: 3 },
        { alias: 'users', external_id: 'list/users', table: 'notion.users', read: 42 },
      ].map((source) => ({ ...source, mode: 'full', certified: true })),
    );
    expect(
      await rows(
        `select name, type, email, bot_owner from notion.users where _id = '${installation.simulator.world.userIds()[0]}'`,
      ),
    ).toEqual([
      { name: expect.any(String), type: 'person', email: 'person0@example.com', bot_owner: null },
    ]);
    expect(await rows(`select bot_owner from notion.users where bot_owner is not null`)).toEqual([
      { bot_owner: { type: 'workspace', workspace: true } },
    ]);
  });

  it('join with the ids that records hold', async () => {
    const known = await rows(
      `select count(*) as known from notion.tasks t
         join notion.users u on u._id = t._raw -> 'created_by' ->> 'id'`,
    );
    expect(known).toEqual([{ known: 3 }]);
    expect(
      await rows(
        `select b.name as base, t.name, t.table_id = '${TWIN}' as twin, t.primary_field is not null as keyed,
                jsonb_array_length(t.fields) > 0 as fields
           from airtable.tables t join airtable.bases b on b._id = t.base_id order by 1, 2`,
      ),
    ).toEqual(
      [
        { base: 'People', name: 'Staff', twin: false },
        { base: 'Sales', name: 'Customers', twin: false },
        { base: 'Sales', name: 'Orders', twin: true },
        { base: 'Sales copy', name: 'Orders copied', twin: true },
      ].map((row) => ({ ...row, keyed: true, fields: true })),
    );
  });

  it('are read whole every time, and only what differs is written', async () => {
    const { world } = installation.simulator;
    const [renamed = '', left = ''] = world.userIds();
    world.renameUser(renamed, 'Renamed');
    world.userLeaves(left);
    world.renameSource('Staff', 'Colleagues');
    const summary = await installation.sync();
    const counts = Object.fromEntries(
      summary.sources.map(({ alias, mode, read, updated }) => [alias, { mode, read, updated }]),
    );
    expect(counts).toMatchObject({
      users: { mode: 'full', read: 41, updated: 1 },
      tables: { mode: 'full', read: 4, updated: 1 },
      bases: { mode: 'full', read: 3, updated: 0 },
      tasks: { mode: 'incremental' },
    });
    expect(await rows(`select name from notion.users where _id = '${renamed}'`)).toEqual([
      { name: 'Renamed' },
    ]);
    // Who left stays until deletions are looked for.
    expect(await rows(`select _id from notion.users where _id = '${left}'`)).toHaveLength(1);
  });
});

describe('an entry of a listing that has no id', () => {
  it('is put into quarantine, the others are written, and the source says so', async () => {
    const { faults } = installation.simulator;
    const answer = (body: object) => ({ kind: 'answer', status: 200, body }) as const;
    const user = { object: 'user', id: '6a1c-one', type: 'person', name: 'One' };
    const bot = { object: 'user', type: 'bot', name: 'nobody' };
    const list = { object: 'list', results: [bot, user], has_more: false, next_cursor: null };
    const base = { id: 'appONE0000000001', name: 'One', permissionLevel: 'create' };
    faults.add(
      { path: /\/v1\/users$/, times: 0, effect: answer(list) },
      { path: /\/meta\/bases$/, times: 0, effect: answer({ bases: [{ name: 'nameless' }, base] }) },
      {
        path: /\/meta\/bases\/app\w+\/tables$/,
        times: 0,
        effect: answer({ tables: ['none', { id: 'tblONE', name: 'One', fields: [] }] }),
      },
    );
    const listings = { source: ['users', 'bases', 'tables'] };
    const summary = await installation.sync({ kind: 'all' }, {}, listings);
    const bySource = new Map(summary.sources.map((source) => [source.alias, source]));
    for (const alias of ['users', 'bases', 'tables']) {
      expect(bySource.get(alias)).toMatchObject({
        status: 'incomplete',
        inserted: 1,
        quarantined: 1,
      });
    }
    expect(bySource.get('tables')?.error?.message).toContain('a base without an id');
    expect(await rows(`select reason from appsync.quarantine order by reason`)).toEqual([
      { reason: 'an entry of the list of bases has no id' },
      { reason: 'an entry of the list of tables has no id' },
      { reason: 'an entry of the list of users has no id' },
    ]);
    faults.clear();
    const after = await installation.sync({ kind: 'all' }, {}, listings);
    expect(after.sources.filter(({ status }) => status !== 'complete')).toEqual([]);
  });
});

describe('a listing that a token may not read', () => {
  it('fails alone, and says which capability or scope is missing', async () => {
    const { faults } = installation.simulator;
    faults.add(
      { path: /\/v1\/users$/, times: 0, effect: { kind: 'named', name: 'notion restricted' } },
      { path: /\/meta\/bases$/, times: 0, effect: { kind: 'named', name: 'airtable forbidden' } },
    );
    const summary = await installation.sync();
    expect(summary.status).toBe('partial');
    const bySource = new Map(summary.sources.map((source) => [source.alias, source]));
    expect(bySource.get('tasks')?.status).toBe('complete');
    const failed = { status: 'failed', error: { type: 'Forbidden' } };
    for (const alias of ['users', 'bases', 'tables'])
      expect(bySource.get(alias)).toMatchObject(failed);
    expect(bySource.get('users')?.error?.hint).toContain('user information');
    expect(bySource.get('tables')?.error?.hint).toContain('schema.bases:read');
  });

  it('in part is incomplete: what may not be read may be there all the same', async () => {
    installation.simulator.faults.add({
      path: /\/meta\/bases\/app\w+\/tables$/,
      effect: { kind: 'named', name: 'airtable forbidden' },
    });
    const summary = await installation.sync({ kind: 'source', name: 'tables' });
    expect(summary.sources[0]).toMatchObject({ status: 'incomplete', read: 2, certified: false });
    expect(summary.sources[0]?.error?.message).toMatch(/the tables of base app\w+ may not be read/);
    expect((await installation.sync()).status).toBe('complete');
  });
});
