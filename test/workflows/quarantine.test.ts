import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { run } from '../cli/fake-io.ts';
import { testTemporal } from '../support/temporal.ts';

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
                records: 250,
                properties: [
                  { name: 'Name', type: 'title' },
                  { name: 'Price', type: 'number' },
                ],
              },
            ],
          },
        ],
      },
      airtable: {
        bases: [
          {
            name: 'Sales',
            tables: [
              { title: 'Deals', records: 120, fields: [{ name: 'Name', type: 'singleLineText' }] },
            ],
          },
        ],
      },
    },
  });
});
afterAll(() => installation.close());

const query = async <Row extends object>(sql: string) =>
  (await installation.database.pool.query<Row>(sql)).rows;
const tasks = { kind: 'source', name: 'tasks' } as const;
const deals = { kind: 'source', name: 'deals' } as const;
const command = (line: string, terminal = {}) =>
  run(line, {
    cwd: '/nowhere',
    env: { DATABASE_URL: installation.database.url, TEMPORAL_ADDRESS: testTemporal().address },
    ...terminal,
  });
const stateOf = async (alias: string) => {
  const [state] = await query<{ watermark: Date; certified: boolean; last_status: string }>(
    `select watermark, certified, last_status from appsync.source where alias = '${alias}'`,
  );
  return state;
};
const priceOf = async (id: string) =>
  (await query<{ price: string }>(`select price from notion.tasks where _id = '${id}'`))[0]?.price;

describe('a record that Postgres refuses', () => {
  let ids: readonly string[];
  beforeAll(async () => {
    await installation.sync(tasks);
    ids = installation.simulator.world.ids('Tasks');
    await query(
      'alter table notion.tasks add constraint sane check (price <> 4711 and price <> 4712) not valid',
    );
  });

  it('leaves the source incomplete, while the rest is written and the scan counts as whole', async () => {
    const [bad = '', good = ''] = ids;
    const { world, clock } = installation.simulator;
    clock.advance(60_000);
    const before = await priceOf(bad);
    const watermark = (await stateOf('tasks'))?.watermark;
    world.editRecord('Tasks', bad, { Price: 4711 });
    world.editRecord('Tasks', good, { Price: 12 });
    const summary = await installation.sync(tasks);
    expect(summary).toMatchObject({ status: 'partial', totals: { quarantined: 1 } });
    expect(summary.sources[0]).toMatchObject({
      status: 'incomplete',
      certified: false,
      mode: 'incremental',
      updated: 1,
      quarantined: 1,
      error: {
        type: 'Quarantined',
        message: '1 record is in quarantine',
        hint: 'appsync quarantine list tasks',
      },
    });
    expect(await priceOf(good)).toBe('12');
    expect(await priceOf(bad)).toBe(before);
    const after = await stateOf('tasks');
    expect(after).toMatchObject({ certified: true, last_status: 'incomplete' });
    expect(after?.watermark.getTime()).toBeGreaterThan(watermark?.getTime() ?? Infinity);
  });

  it('keeps it incomplete while it stands, also for a full scan and without streaming', async () => {
    for (const options of [{}, { incremental: false }, { incremental: false, streaming: false }]) {
      const summary = await installation.sync(tasks, options);
      expect(summary.sources[0]).toMatchObject({
        status: 'incomplete',
        quarantined: 1,
        inserted: 0,
        updated: 0,
        error: { type: 'Quarantined' },
      });
    }
    const full = await installation.sync(tasks, { incremental: false });
    expect(full.sources[0]).toMatchObject({ read: 250, unchanged: 249, quarantined: 1 });
  });

  it('is listed with the reason, and with the record as JSON', async () => {
    const listed = await command('quarantine list tasks');
    expect(listed.exitCode).toBe(0);
    expect(listed.stdout).toContain(ids[0]);
    expect(listed.stdout).toContain('a check does not allow it (constraint sane)');
    const [entry] = JSON.parse((await command('quarantine list --json')).stdout) as {
      raw: string;
    }[];
    expect(entry).toMatchObject({ alias: 'tasks', record_id: ids[0], software: '0.0.0-test' });
    expect(JSON.parse(entry?.raw ?? '')).toMatchObject({ id: ids[0], object: 'page' });
    expect((await command('quarantine list deals --json')).stdout).toBe('[]\n');
  });

  it('that still cannot be written stays after a retry, which says so', async () => {
    const { exitCode, stdout } = await command('quarantine retry tasks --yes --json');
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toEqual({
      sources: [{ alias: 'tasks', written: 0, remaining: 1, held_by: null }],
    });
  });

  it('is left alone by a retry while a run syncs the source', async () => {
    await query(`update appsync.source set holder_run_id = 'somebody' where alias = 'tasks'`);
    await query('alter table notion.tasks drop constraint sane');
    const { exitCode, stderr } = await command('quarantine retry --yes');
    expect(exitCode).toBe(3);
    expect(stderr).toContain('run somebody is syncing it');
    expect(await priceOf(ids[0] ?? '')).not.toBe('4711');
    await query(`update appsync.source set holder_run_id = null where alias = 'tasks'`);
  });

  it('is written by a retry once it can be, and then the source is complete', async () => {
    const asked = await command('quarantine retry', { stdoutTTY: true, stdin: 'n\n' });
    expect(asked.exitCode).toBe(130);
    const { exitCode, stderr } = await command('quarantine retry --yes');
    expect(stderr).toContain('tasks: 1 record written');
    expect(exitCode).toBe(0);
    expect(await priceOf(ids[0] ?? '')).toBe('4711');
    const summary = await installation.sync(tasks);
    expect(summary.sources[0]).toMatchObject({
      status: 'complete',
      mode: 'incremental',
      certified: true,
      quarantined: 0,
    });
  });

  it('leaves with its record: a full scan that does not meet it any more forgets it', async () => {
    await query('alter table notion.tasks add constraint sane check (price <> 4712) not valid');
    const { world } = installation.simulator;
    const id = world.createRecords('Tasks', [{ Name: 'short-lived', Price: 4712 }])[0] ?? '';
    expect((await installation.sync(tasks)).sources[0]).toMatchObject({ quarantined: 1 });
    world.deleteRecord('Tasks', id);
    expect((await installation.sync(tasks)).sources[0]).toMatchObject({ quarantined: 1 });
    const full = await installation.sync(tasks, { incremental: false });
    expect(full.sources[0]).toMatchObject({ status: 'complete', certified: true, quarantined: 0 });
  });

  it('that is dropped counts no more until it changes', async () => {
    const { world } = installation.simulator;
    const [, , id = ''] = ids;
    world.editRecord('Tasks', id, { Price: 4712 });
    expect((await installation.sync(tasks)).sources[0]).toMatchObject({ status: 'incomplete' });
    expect((await command('quarantine drop')).exitCode).toBe(2);
    expect((await command(`quarantine drop --record ${id}`)).exitCode).toBe(2);
    expect((await command('quarantine drop --record nobody --yes')).exitCode).toBe(2);
    const dropped = await command(`quarantine drop --record ${id} --yes`);
    expect(dropped).toMatchObject({ exitCode: 0, stderr: 'dropped 1 record\n' });
    for (const incremental of [true, false]) {
      const summary = await installation.sync(tasks, { incremental });
      expect(summary.sources[0]).toMatchObject({ status: 'complete', certified: true });
    }
    world.editRecord('Tasks', id, { Name: 'changed' });
    expect((await installation.sync(tasks)).sources[0]).toMatchObject({ quarantined: 1 });
    world.editRecord('Tasks', id, { Price: 1 });
    expect((await installation.sync(tasks)).sources[0]).toMatchObject({ status: 'complete' });
  });
});

describe('a record that cannot be converted', () => {
  const DEEP = 20_000;
  const deep = `{"id":"recDeep0000000001","createdTime":"2026-01-01T00:00:00.000Z","fields":{"x":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}}`;
  const page = (records: readonly string[]) => `{"records":[${records.join(',')}]}`;
  const plain = (id: string) =>
    `{"id":"${id}","createdTime":"2026-01-01T00:00:00.000Z","fields":{}}`;
  const answer = (body: string) =>
    installation.simulator.faults.add({
      platform: 'airtable',
      path: '/v0/app',
      effect: {
        kind: 'answer',
        status: 200,
        headers: { 'content-type': 'application/json' },
        body,
      },
    });

  it('goes into quarantine whole, and the rest of its batch goes on', async () => {
    answer(page([plain('recPlain000000001'), deep]));
    const summary = await installation.sync(deals);
    expect(summary.sources[0]).toMatchObject({
      status: 'incomplete',
      read: 2,
      inserted: 1,
      quarantined: 1,
      error: { type: 'Quarantined' },
    });
    const [entry] = await query<{ record_id: string; stage: string; raw: string }>(
      'select record_id, stage, raw from appsync.quarantine',
    );
    expect(entry).toMatchObject({ record_id: 'recDeep0000000001', stage: 'convert', raw: deep });
    const [seen] = await query<{ records: number }>(
      `select full_scan_records as records from appsync.source where alias = 'deals'`,
    );
    expect(seen).toEqual({ records: 2 });
  });

  it('for want of an id leaves the scan in doubt: what is missing cannot be told from it', async () => {
    answer(page([plain('recPlain000000001'), '{"fields":{}}', '{"id":7,"fields":{}}']));
    const summary = await installation.sync(deals, { incremental: false });
    expect(summary.sources[0]).toMatchObject({
      status: 'incomplete',
      read: 1,
      quarantined: 3,
      error: { type: 'Quarantined', message: expect.stringContaining('cannot be told') },
    });
  });

  it('is forgotten by the next full scan that does not meet it', async () => {
    const summary = await installation.sync(deals, { incremental: false });
    expect(summary.sources[0]).toMatchObject({ status: 'complete', quarantined: 0, read: 120 });
    expect(await query('select 1 from appsync.quarantine')).toEqual([]);
  });
});

describe('a property of an unknown type', () => {
  it('is kept as jsonb and told of once', async () => {
    const { world } = installation.simulator;
    world.addProperty('Tasks', { name: 'Mood', type: 'from_the_future' });
    const first = await installation.sync(tasks);
    expect(first.sources[0]?.notices).toEqual([
      'properties of type "from_the_future" are kept as jsonb: the type is not known',
    ]);
    expect((await installation.sync(tasks)).sources[0]).not.toHaveProperty('notices');
    world.addProperty('Tasks', { name: 'Weather', type: 'from_the_future' });
    expect((await installation.sync(tasks)).sources[0]).not.toHaveProperty('notices');
  });
});
