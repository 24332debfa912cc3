import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { activityRunner, newRun } from '../support/activities.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          {
            title: 'Tasks',
            sources: [
              {
                title: 'Tasks',
                records: 120,
                properties: [
                  { name: 'Name', type: 'title' },
                  { name: 'Status', type: 'select', options: ['Open', 'Done'] },
                  { name: 'Amount', type: 'number' },
                  { name: 'Note', type: 'rich_text' },
                ],
              },
            ],
          },
        ],
      },
      airtable: {
        bases: [
          {
            name: 'Shop',
            tables: [
              {
                title: 'Orders',
                records: 60,
                fields: [
                  { name: 'Name', type: 'singleLineText' },
                  { name: 'Price', type: 'number' },
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

const sql = async (text: string) =>
  (await installation.database.pool.query<Record<string, unknown>>(text)).rows;

async function isExact(title: string, table: string): Promise<void> {
  const truth = installation.simulator.world.truth(title, { fieldsById: true });
  expect(await compareWithTruth(installation.database.pool, table, truth)).toMatchObject({
    lost: 0,
    surplus: 0,
    different: 0,
  });
}

const columns = (table: string) =>
  sql(
    `select attname::text as name, format_type(atttypid, atttypmod) as type from pg_attribute
      where attrelid = '${table}'::regclass and attnum > 0 and attname not like '\\_%' order by attnum`,
  );

describe('a source whose schema changes', () => {
  it('has its table changed, filled by a full scan, and the changes told', async () => {
    const { world } = installation.simulator;
    expect((await installation.sync()).status).toBe('complete');
    const notes = await sql('select _id, note from notion.tasks order by _id');
    world.renameProperty('Tasks', 'Status', 'State');
    world.removeProperty('Tasks', 'Note');
    world.addProperty('Tasks', { name: 'Note', type: 'rich_text' });
    world.changePropertyType('Tasks', 'Amount', 'rich_text');
    world.renameProperty('Orders', 'Price', 'Cost');

    const summary = await installation.sync();
    expect(summary.status).toBe('complete');
    expect(summary.sources).toMatchObject([
      { alias: 'orders', mode: 'incremental', certified: true },
      { alias: 'tasks', mode: 'full', certified: true, read: 120 },
    ]);
    const [orders, tasks] = summary.sources.map((source) => source.schema_changes);
    expect(orders).toMatchObject([{ kind: 'renamed', column: 'cost', from: 'price', to: 'cost' }]);
    expect(
      tasks
        ?.map(({ kind, from, to }) => ({ kind, from, to }))
        .toSorted((a, b) => (a.kind < b.kind ? -1 : 1)),
    ).toEqual([
      { kind: 'added', from: null, to: 'text' },
      { kind: 'deleted', from: null, to: null },
      { kind: 'renamed', from: 'status', to: 'state' },
      { kind: 'retyped', from: 'numeric', to: 'text' },
    ]);
    expect(await columns('notion.tasks')).toEqual([
      { name: 'name', type: 'text' },
      { name: 'state', type: 'text' },
      { name: 'amount', type: 'text' },
      { name: 'note', type: 'text' },
      { name: expect.stringMatching(/^note_[0-9a-f]{8}$/), type: 'text' },
    ]);
    expect(await sql('select _id, note from notion.tasks order by _id')).toEqual(notes);
    await isExact('Tasks', 'notion.tasks');
    await isExact('Orders', 'airtable.orders');
    const again = await installation.sync();
    expect(again.sources.map(({ schema_changes }) => schema_changes)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('has values in a column of another type before the scan has read any', async () => {
    const amounts = () =>
      sql(`select _id, amount::numeric::text as amount from notion.tasks
            where amount is not null order by _id`);
    const before = await amounts();
    expect(before.length).toBeGreaterThan(0);
    installation.simulator.world.changePropertyType('Tasks', 'Amount', 'number');
    const { openSource } = await activityRunner(installation, 'retype');
    const about = await newRun(installation, 'retype', 'tasks');
    const opened = await openSource({ ...about, give_up_scan: null });
    expect(opened.reason).toContain('amount changed from text to numeric');
    expect(opened.scan.mode).toBe('full');
    expect(await amounts()).toEqual(before);
    // A second attempt finds it done.
    const again = await openSource({ ...about, give_up_scan: null });
    expect(again.scan).toEqual(opened.scan);
    expect(await sql(`select kind from appsync.schema_change where run_id = 'retype'`)).toEqual([
      { kind: 'retyped' },
    ]);
    expect((await installation.sync()).status).toBe('complete');
    await isExact('Tasks', 'notion.tasks');
  });

  it('has its table repaired when somebody altered it', async () => {
    await sql(
      'alter table notion.tasks drop column state, alter column amount type double precision',
    );
    await sql('alter table airtable.orders drop column _raw, drop column _hash');
    const summary = await installation.sync();
    expect(summary.status).toBe('complete');
    expect(
      summary.sources.map(({ mode, schema_changes }) => ({
        mode,
        kinds: schema_changes?.map(({ kind, column }) => `${kind} ${column}`).toSorted(),
      })),
    ).toEqual([
      { mode: 'full', kinds: ['column_remade _hash', 'column_remade _raw'] },
      { mode: 'full', kinds: ['column_remade state', 'type_repaired amount'] },
    ]);
    await isExact('Tasks', 'notion.tasks');
    await isExact('Orders', 'airtable.orders');
    expect(await sql('select count(state) > 0 as filled from notion.tasks')).toEqual([
      { filled: true },
    ]);
  });

  it('fails alone, with the view and what to do, when a view is in the way', async () => {
    installation.simulator.world.changePropertyType('Tasks', 'Amount', 'rich_text');
    await sql('create view public.amounts as select amount from notion.tasks');
    const summary = await installation.sync();
    expect(summary.sources).toMatchObject([
      { alias: 'orders', status: 'complete' },
      {
        alias: 'tasks',
        status: 'failed',
        error: {
          type: 'Misconfigured',
          message: expect.stringContaining('while amounts reads it'),
          hint: 'drop view amounts; then sync, and create it again',
        },
      },
    ]);
    await sql('drop view public.amounts');
    expect((await installation.sync()).status).toBe('complete');
  });

  it('puts records that a constraint of the user’s refuses into quarantine, and names the constraint', async () => {
    await sql('alter table notion.tasks add constraint short check (length(name) < 3) not valid');
    installation.simulator.world.createRecords('Tasks', [{ Name: 'too long' }]);
    const summary = await installation.sync();
    expect(summary.sources[1]).toMatchObject({
      status: 'incomplete',
      error: { type: 'Quarantined', hint: 'appsync quarantine list tasks' },
    });
    expect(await sql('select reason from appsync.quarantine')).toEqual([
      { reason: expect.stringContaining('constraint short') },
    ]);
    await sql('alter table notion.tasks drop constraint short');
    expect((await installation.sync()).status).toBe('complete');
  });
});
