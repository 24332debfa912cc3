import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NO_LIMITS, startSimulator } from '../../src/sim/simulator.ts';
import type { Simulator } from '../../src/sim/simulator.ts';
import { airtableRequest, failure, listAllRecords, listRecords } from './clients.ts';
import type { RecordList } from './clients.ts';

interface Tables {
  readonly tables: readonly {
    readonly id: string;
    readonly name: string;
    readonly primaryFieldId: string;
    readonly fields: readonly {
      readonly id: string;
      readonly name: string;
      readonly type: string;
    }[];
    readonly views: readonly { readonly id: string; readonly name: string }[];
  }[];
}

describe('the simulated Airtable, through the official client', () => {
  let simulator: Simulator;
  let source: string;
  let base: string;
  let table: string;

  beforeAll(async () => {
    simulator = await startSimulator({
      world: {
        airtable: {
          tokens: [
            { token: 'pat_simulated_0001' },
            { token: 'pat_simulated_narrow', shares: ['Other'], scopes: ['data.records:read'] },
          ],
          bases: [
            { name: 'CRM', tables: [{ title: 'Contacts', records: 250 }] },
            { name: 'Other', tables: [{ title: 'Rest', records: 2, fields: 'few' }] },
          ],
        },
      },
      ...NO_LIMITS,
    });
    source = simulator.world.source('Contacts').externalId;
    [base = '', table = ''] = source.split('/');
  });
  afterAll(() => simulator.close());

  const tables = async () =>
    (await airtableRequest(simulator, 'meta', { path: `/bases/${base}/tables` })).body as Tables;

  it('knows who the token is and which bases it may see', async () => {
    const who = await airtableRequest(simulator, 'meta', { path: '/whoami' });
    expect(who.body).toMatchObject({ id: expect.stringMatching(/^usr\w{14}$/) });
    const { body } = await airtableRequest(simulator, 'meta', { path: '/bases' });
    expect((body as { bases: { name: string }[] }).bases.map(({ name }) => name)).toEqual([
      'CRM',
      'Other',
    ]);
  });

  it('lists bases page by page', async () => {
    simulator.knobs.airtable.basesPerPage = 1;
    const first = await airtableRequest(simulator, 'meta', { path: '/bases' });
    const { offset } = first.body as { offset: string };
    const second = await airtableRequest(simulator, 'meta', { path: '/bases', qs: { offset } });
    simulator.knobs.airtable.basesPerPage = 1000;
    expect(second.body).toMatchObject({ bases: [{ name: 'Other' }] });
    expect(second.body).not.toHaveProperty('offset');
  });

  it('gives every record once, by offsets that name an iterator and the last record', async () => {
    const first = await listRecords(simulator, source, { pageSize: 100 });
    const last = first.records.at(-1)?.id ?? '';
    expect(first.offset).toMatch(new RegExp(`^itr\\w{14}/${last}$`));
    const records = await listAllRecords(simulator, source, { pageSize: 100 });
    expect(records.map(({ id }) => id)).toEqual(simulator.world.ids('Contacts'));
  });

  it('leaves out empty cells and keeps zeros', async () => {
    const records = await listAllRecords(simulator, source);
    const cells = records.flatMap(({ fields }) => Object.values(fields));
    expect(cells.some((cell) => cell === null || cell === '' || cell === false)).toBe(false);
    expect(cells.some((cell) => Array.isArray(cell) && cell.length === 0)).toBe(false);
    expect(records.some(({ fields }) => fields['Links (count)'] === 0)).toBe(true);
    expect(records.some(({ fields }) => fields.Done === undefined)).toBe(true);
  });

  it('answers with fields by id, chosen fields, a view, a sort and a limit', async () => {
    const [contacts] = (await tables()).tables;
    const name = contacts?.primaryFieldId ?? '';
    const byId = await listRecords(simulator, source, {
      returnFieldsByFieldId: true,
      fields: [name],
    });
    expect(Object.keys(byId.records[0]?.fields ?? {})).toEqual([name]);
    const viewed = await listRecords(simulator, source, { view: contacts?.views[1]?.name });
    expect(viewed.records).toHaveLength(84);
    const sorted = await listRecords(simulator, source, {
      maxRecords: 5,
      sort: [{ field: 'Autonumber', direction: 'desc' }],
    });
    expect(sorted.records.map(({ fields }) => fields.Autonumber)).toEqual([
      250, 249, 248, 247, 246,
    ]);
  });

  it('takes the same parameters in the body of listRecords, and the table by name', async () => {
    const { body } = await airtableRequest(simulator, base, {
      method: 'POST',
      path: '/Contacts/listRecords',
      body: { pageSize: 3, fields: ['Name'], method: 'post' },
    });
    expect((body as RecordList).records).toHaveLength(3);
    expect(simulator.log.writes()).toEqual([]);
  });

  it('describes every field type, and serves a type that nobody knows', async () => {
    const types = (await tables()).tables[0]?.fields.map(({ type }) => type) ?? [];
    expect(new Set(types).size).toBeGreaterThanOrEqual(35);
    expect(types).toContain('fieldOfTheFuture');
  });

  it('shows error values of formulas as the API does', async () => {
    const records = await listAllRecords(simulator, source);
    const cells = records.map(({ fields }) => fields['Formula error']);
    expect(JSON.stringify(records.map(({ fields }) => fields['Links (names)']))).toContain('null');
    expect(cells).toContainEqual({ error: '#ERROR!' });
    expect(records.map(({ fields }) => fields['Formula NaN'])).toContainEqual({
      specialValue: 'NaN',
    });
  });

  it('gives single records, also under another table of the base, and 404 for deleted ones', async () => {
    const id = simulator.world.ids('Contacts')[3] ?? '';
    const { body } = await airtableRequest(simulator, base, { path: `/${table}/${id}` });
    expect(body).toMatchObject({ id, createdTime: expect.stringMatching(/Z$/) });
    simulator.world.deleteRecord('Contacts', id);
    const gone = airtableRequest(simulator, base, { path: `/${table}/${id}` });
    expect(await failure(gone)).toMatchObject({ statusCode: 404, error: 'NOT_FOUND' });
    simulator.world.restoreRecord('Contacts', id);
  });

  it('keeps the order of a listing, shows values live and leaves out what was deleted', async () => {
    const first = await listRecords(simulator, source, { pageSize: 100 });
    const ids = simulator.world.ids('Contacts');
    const [edited = '', deleted = ''] = [ids[150], ids[151]];
    simulator.world.editRecord('Contacts', edited, { Name: 'Edited during the scan' });
    simulator.world.deleteRecord('Contacts', deleted);
    const [made = ''] = simulator.world.createRecords('Contacts', 1);
    const second = await listRecords(simulator, source, { pageSize: 100, offset: first.offset });
    const third = await listRecords(simulator, source, { pageSize: 100, offset: second.offset });
    expect(second.records[50]).toMatchObject({
      id: edited,
      fields: { Name: 'Edited during the scan' },
    });
    const seen = [...second.records, ...third.records].map(({ id }) => id);
    expect(seen).not.toContain(deleted);
    expect(seen).not.toContain(made);
    simulator.world.purgeRecord('Contacts', made);
    simulator.world.restoreRecord('Contacts', deleted);
  });

  it('forgets an iterator that is idle for too long', async () => {
    const { offset } = await listRecords(simulator, source);
    simulator.clock.advance(301_000);
    expect(await failure(listRecords(simulator, source, { offset }))).toMatchObject({
      statusCode: 422,
      error: 'LIST_RECORDS_ITERATOR_NOT_AVAILABLE',
    });
  });

  it('tells unknown tokens, missing permissions and wrong parameters apart', async () => {
    const denied = { statusCode: 403, error: 'NOT_AUTHORIZED' };
    const ask = (path: string, qs = {}, token?: string) =>
      failure(airtableRequest(simulator, base, { path, qs }, token));
    expect(await ask(`/${table}`, {}, 'pat_unknown')).toMatchObject({ statusCode: 401 });
    expect(await ask(`/${table}`, {}, 'pat_simulated_narrow')).toMatchObject(denied);
    expect(await ask('/Nothing')).toMatchObject(denied);
    expect(await ask(`/${table}`, { fields: ['Nothing'] })).toMatchObject({
      statusCode: 422,
      error: 'UNKNOWN_FIELD_NAME',
      message: 'Unknown field name: "Nothing"',
    });
    expect(await ask(`/${table}`, { view: 'Nothing' })).toMatchObject({
      error: 'VIEW_NAME_NOT_FOUND',
    });
    expect(await ask(`/${table}`, { pageSize: 101 })).toMatchObject({
      error: 'INVALID_REQUEST_UNKNOWN',
    });
    const meta = airtableRequest(simulator, 'meta', { path: '/bases' }, 'pat_simulated_narrow');
    expect(await failure(meta)).toMatchObject(denied);
    const write = airtableRequest(simulator, base, { method: 'POST', path: `/${table}`, body: {} });
    expect(await failure(write)).toMatchObject(denied);
    expect(simulator.log.writes()).toHaveLength(1);
  });
});
