import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import type { Fault } from '../../src/sim/simulator.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

let installation: TestInstallation;
let other: Server;
let origin: string;
/** What arrived where nothing should: method, address and headers. */
const strayed: string[] = [];

beforeAll(async () => {
  other = createServer((request, response) => {
    strayed.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    response.end('{}');
  });
  // A bare connection would be one, too.
  other.on('connection', () => strayed.push('connection'));
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  origin = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          {
            title: 'Tasks',
            sources: [
              {
                title: 'Tasks',
                records: 40,
                properties: [
                  { name: 'Name', type: 'title' },
                  { name: 'Related', type: 'relation' },
                ],
              },
            ],
          },
        ],
      },
      airtable: {
        bases: [{ name: 'Shop', tables: [{ title: 'Orders', records: 250, fields: 'few' }] }],
      },
    },
  });
});
afterAll(async () => {
  await installation.close();
  other.close();
});
afterEach(() => installation.simulator.faults.clear());

async function syncWith(...faults: Fault[]) {
  installation.simulator.faults.add(...faults);
  const summary = await installation.sync({ kind: 'all' }, { incremental: false });
  expect(strayed).toEqual([]);
  return summary;
}

async function expectWhole(title: string, table: string): Promise<void> {
  const truth = installation.simulator.world.truth(title, { fieldsById: true });
  const same = await compareWithTruth(installation.database.pool, table, truth);
  expect(same).toMatchObject({ lost: 0, surplus: 0, different: 0 });
}

describe('an answer that points to another host', () => {
  it.each([301, 302, 303, 307, 308])(
    'is not followed as a redirect (%i), neither with the token nor without',
    async (status) => {
      const effect = (path: string) => ({
        kind: 'answer' as const,
        status,
        headers: { location: `${origin}${path}`, refresh: `0; url=${origin}` },
      });
      const summary = await syncWith(
        { platform: 'notion', path: '/query', effect: effect('/v1/steal') },
        { platform: 'airtable', path: '/v0/app', effect: effect('/v0/steal') },
      );
      // Asking again in vain for half an hour would hide what a person has to do.
      expect(summary).toMatchObject({ status: 'failed', totals: { retries: 0 } });
      const hints = summary.sources.map(({ error }) => `${error?.type}: ${error?.hint}`);
      expect(hints).toEqual([
        expect.stringContaining('Misconfigured: set AIRTABLE_ENDPOINT_URL'),
        expect.stringContaining('Misconfigured: set NOTION_BASE_URL'),
      ]);
      installation.simulator.faults.clear();
      expect(await installation.sync()).toMatchObject({ status: 'complete' });
      await expectWhole('Tasks', 'notion.tasks');
      await expectWhole('Orders', 'airtable.orders');
    },
  );

  it('is no address for the rest of a value: next_url and next_cursor of property items', async () => {
    const { world } = installation.simulator;
    const ids = world.ids('Tasks');
    const [page = ''] = ids;
    world.editRecord('Tasks', page, { Related: ids.slice(0, 30) });
    const list = (more: boolean) => ({
      object: 'list',
      type: 'property_item',
      property_item: { id: 'x', type: 'relation', relation: {}, next_url: `${origin}/v1/next` },
      results: [{ object: 'property_item', type: 'relation', id: 'x', relation: { id: ids[1] } }],
      has_more: more,
      next_cursor: more ? `${origin}/v1/cursor` : null,
      next_url: `${origin}/v1/next`,
    });
    const answer = (body: unknown) => ({ kind: 'answer' as const, status: 200, body });
    const path = '/properties/';
    installation.simulator.log.clear();
    await syncWith(
      { platform: 'notion', path, effect: answer(list(true)) },
      { platform: 'notion', path, nth: 2, effect: answer(list(false)) },
    );
    const asked = installation.simulator.log.requests({ path });
    // The cursor went where cursors go: into the query of the same address.
    expect(asked[1]?.query).toContain(encodeURIComponent(`${origin}/v1/cursor`));
  });

  it.each([
    ['an address', () => `${origin}/v0/steal`],
    ['another authority', () => `@${origin.slice('http://'.length)}/`],
    ['a path', () => `/../../..//${origin.slice('http://'.length)}/`],
    ['a line break with a header', () => `itr\r\nHost: ${origin.slice('http://'.length)}\r\n\r\n`],
    ['a fragment and a query', () => `itr#${origin}?x=1&baseUrl=${origin}`],
  ])('is no address for the next page: an Airtable offset that is %s', async (_, offset) => {
    const records = [
      { id: 'recStrayed00000001', createdTime: '2026-01-01T00:00:00.000Z', fields: {} },
    ];
    const body = { records, offset: offset() };
    installation.simulator.log.clear();
    await syncWith({
      platform: 'airtable',
      path: '/tbl',
      method: 'GET',
      nth: 1,
      effect: { kind: 'answer', status: 200, body },
    });
    const asked = installation.simulator.log.requests({ platform: 'airtable' });
    expect(asked.every(({ path }) => path.startsWith('/v0/'))).toBe(true);
  });

  it('is no address for a base that the list of bases names', async () => {
    const { airtable } = await import('../../src/platforms/airtable/airtable.ts');
    const { connectionTo } = await import('../platforms/notion/session.ts');
    const { unlimited } = await import('../platforms/notion/session.ts');
    const hostile = [
      `@${origin.slice('http://'.length)}`,
      `..//../${origin}`,
      '../../v1/users/me?',
    ];
    installation.simulator.log.clear();
    installation.simulator.faults.add({
      platform: 'airtable',
      path: '/meta/bases',
      effect: {
        kind: 'answer',
        status: 200,
        body: { bases: hostile.map((id) => ({ id, name: 'x', permissionLevel: 'read' })) },
      },
    });
    const session = airtable.connect(
      connectionTo(installation.simulator.airtableUrl, 'pat_simulated_0001'),
      unlimited().requests,
    );
    const found = [];
    for await (const source of session.discover()) found.push(source);
    expect(found).toEqual([]);
    expect(strayed).toEqual([]);
    const asked = installation.simulator.log.requests();
    expect(asked.every(({ path }) => path.startsWith('/v0/meta/'))).toBe(true);
  });
});
