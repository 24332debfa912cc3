import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NO_LIMITS, NOTION_TOKEN, startSimulator } from '../../src/sim/simulator.ts';
import type { Simulator } from '../../src/sim/simulator.ts';

const FIXTURES = join(import.meta.dirname, '../../../shared/fixtures/notion');

/** The recordings are not part of the project: without them there is nothing to compare with. */
const describeWithRecordings = existsSync(FIXTURES) ? describe : () => undefined;

describe('the recordings', () => {
  it('lie beside the project wherever it is developed, complete or not at all', () => {
    const derived = ['errors.json', 'page_property_values_by_type.json'];
    const found = derived.filter((file) => existsSync(join(FIXTURES, 'derived', file)));
    expect(found).toEqual(existsSync(FIXTURES) ? derived : []);
  });
});

const read = (path: string) => JSON.parse(readFileSync(join(FIXTURES, path), 'utf8')) as never;

type Json = Readonly<Record<string, unknown>>;
interface RecordedError {
  readonly src: string;
  readonly request: { readonly method: string; readonly path: string };
  readonly response: { readonly body: Json };
}
type RecordedValues = Readonly<Record<string, readonly { readonly value: Json }[]>>;
type RecordedConfigs = Readonly<Record<string, readonly { readonly config: Json }[]>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keys at every level, and the types of what is no object: what must be equal between two answers. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shape(value[0])];
  if (!isObject(value)) return value === null ? null : typeof value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, shape(value[key])]),
  );
}

const keys = (value: unknown) => (isObject(value) ? Object.keys(value).sort() : typeof value);

describeWithRecordings('the simulated Notion, beside recordings of the real one', () => {
  let simulator: Simulator;
  let id: string;
  let rows: readonly Json[];

  const call = async (method: string, path: string, token = NOTION_TOKEN, body?: unknown) => {
    const answer = await fetch(`${simulator.notionUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'notion-version': '2025-09-03' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(answer.headers.get('x-notion-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    return (await answer.json()) as Json;
  };

  beforeAll(async () => {
    simulator = await startSimulator({
      world: {
        notion: { databases: [{ title: 'All', sources: [{ title: 'All', records: 100 }] }] },
      },
      ...NO_LIMITS,
    });
    id = simulator.world.source('All').externalId;
    rows = (await call('POST', `/v1/data_sources/${id}/query`, NOTION_TOKEN, {})).results as Json[];
  });
  afterAll(() => simulator.close());

  const errors = (read('derived/errors.json') as readonly RecordedError[]).filter(({ request }) =>
    request.path.startsWith('/v1/'),
  );
  it.each(errors.map((recorded) => [recorded.src, recorded] as const))(
    'answers as in %s',
    async (_, { request, response }) => {
      const unknown = response.body.status === 401;
      const body = await call(
        request.method,
        request.path,
        unknown ? 'secret_unknown' : NOTION_TOKEN,
      );
      const plain = (message: unknown) => String(message).replace(/ "notion-sdk-py"/, '');
      expect({ ...body, message: plain(body.message) }).toMatchObject({
        object: 'error',
        status: response.body.status,
        code: response.body.code,
        message: plain(response.body.message),
      });
      expect(Object.keys(body)).toEqual(expect.arrayContaining(Object.keys(response.body)));
    },
  );

  const values = read('derived/page_property_values_by_type.json') as RecordedValues;
  it.each(Object.keys(values))('gives %s values in a recorded form', (type) => {
    const simulated = rows.flatMap((row) =>
      Object.values(row.properties as Record<string, Json>).filter((value) => value.type === type),
    );
    expect(simulated.length).toBeGreaterThan(0);
    for (const { value: recorded } of values[type] ?? []) {
      const content = recorded[type];
      const alike = simulated.filter((value) => sameKind(value[type], content));
      // A recording with a content of this kind has its like among a hundred rows.
      expect(alike.length).toBeGreaterThan(0);
      const expected = { ...recorded, ...(type === 'relation' ? { has_more: false } : {}) };
      expect(alike.map(keys)).toContainEqual(keys(expected));
      if (isObject(content))
        expect(alike.map((value) => keys(value[type]))).toContainEqual(keys(content));
      if (Array.isArray(content)) {
        const items = alike.flatMap((value) => value[type] as unknown[]);
        for (const item of content) {
          if (item.mention?.type !== 'template_mention')
            expect(items.map(keys)).toContainEqual(keys(item));
        }
      }
    }
  });

  const configs = read('derived/data_source_property_configs_by_type.json') as RecordedConfigs;
  it.each(Object.keys(configs))('describes %s properties as recorded', async (type) => {
    const { properties } = await call('GET', `/v1/data_sources/${id}`);
    const simulated = Object.values(properties as Record<string, Json>).filter(
      (one) => one.type === type,
    );
    const recorded = (configs[type] ?? []).map(({ config }) =>
      shape({ ...config, description: null }),
    );
    expect(simulated.length).toBeGreaterThan(0);
    for (const one of simulated) expect(recorded).toContainEqual(shape(one));
  });

  it('gives pages, data sources and databases with the recorded keys', async () => {
    interface Exchange {
      readonly request: { readonly method: string; readonly path: string };
      readonly response: { readonly body: Json };
    }
    const recorded = (file: string, part: string) =>
      (read(`nspy/${file}.json`) as readonly Exchange[]).find(
        ({ request }) => request.method === 'GET' && request.path.startsWith(part),
      )?.response.body;
    const page = recorded('test_pages_retrieve', '/v1/pages/');
    expect(keys(await call('GET', `/v1/pages/${String(rows[0]?.id)}`))).toEqual(keys(page));
    const source = await call('GET', `/v1/data_sources/${id}`);
    expect(keys(source)).toEqual(keys(recorded('test_data_sources_retrieve', '/v1/data_sources/')));
    const databaseId = (source.parent as { database_id: string }).database_id;
    const database = recorded('test_databases_retrieve', '/v1/databases/');
    expect(keys(await call('GET', `/v1/databases/${databaseId}`))).toEqual(keys(database));
    const me = recorded('test_users_me', '/v1/users/me');
    expect(shape(await call('GET', '/v1/users/me'))).toEqual(shape(me));
  });

  it('gives lists and property items in the recorded envelopes', async () => {
    const { request, response } = read('hkob/query_data_source_limit_2.json') as RecordedError;
    expect(request.method).toBe('POST');
    const list = await call('POST', `/v1/data_sources/${id}/query`, NOTION_TOKEN, { page_size: 2 });
    expect(keys(list)).toEqual(keys(response.body));
    const notes = (rows.find((row) => JSON.stringify(row).includes('"rich_text":[{')) ?? {}) as {
      id: string;
      properties: Record<string, { id: string }>;
    };
    const item = await call(
      'GET',
      `/v1/pages/${notes.id}/properties/${notes.properties.Notes?.id}`,
    );
    const long = read('hkob/retrieve_property_rich_text.json') as RecordedError;
    expect(keys(item)).toEqual(keys(long.response.body));
    expect(shape((item.results as unknown[])[0])).toEqual(
      shape((long.response.body.results as unknown[])[0]),
    );
    const number = await call(
      'GET',
      `/v1/pages/${notes.id}/properties/${notes.properties.Points?.id}`,
    );
    const simple = read('hkob/retrieve_property_number.json') as RecordedError;
    expect(keys(number)).toEqual(keys(simple.response.body));
  });
});

/** Whether two contents are comparable: both empty, or both of the same kind and inner type. */
function sameKind(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return (a.length === 0) === (b.length === 0);
  if (isObject(a) && isObject(b)) return a.type === b.type;
  return (a === null) === (b === null) && typeof a === typeof b;
}
