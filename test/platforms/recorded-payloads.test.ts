import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Column } from '../../src/contract/schema.ts';
import { createEntryConverter } from '../../src/platforms/listing.ts';
import { fieldSchema } from '../../src/platforms/airtable/answers.ts';
import { createConverter as airtableConverter } from '../../src/platforms/airtable/convert.ts';
import {
  columnTypeOf as airtableColumnType,
  fieldTypeOf,
} from '../../src/platforms/airtable/field-types.ts';
import { createConverter as notionConverter } from '../../src/platforms/notion/convert.ts';
import {
  columnTypeOf as notionColumnType,
  propertyId,
  type PropertyConfig,
} from '../../src/platforms/notion/property-types.ts';
import { USERS } from '../../src/platforms/notion/users.ts';
import { isObject, type JsonObject } from '../../src/platforms/values/json-object.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { rawText } from '../../src/platforms/values/utf8-text.ts';

/**
 * Payloads that the real APIs gave. They are no part of the project and lie beside it where it is
 * developed; elsewhere the lists are short and hold only what stands here.
 */
const RECORDED = join(import.meta.dirname, '../../../shared/fixtures');

/** Shaped like the recordings, so that there is always something to convert. */
const OWN_PAGE: JsonObject = {
  object: 'page',
  id: '38c9ce7b-60a4-81cd-8f1a-c0d6a2b0e001',
  created_time: '2026-06-27T17:00:00.000Z',
  last_edited_time: '2026-06-27T17:03:00.000Z',
  properties: {
    Name: { id: 'title', type: 'title', title: [{ plain_text: 'a\u0000b' }] },
    Price: { id: 'VZa%3E', type: 'number', number: 0.1 },
  },
};
const OWN_USER: JsonObject = {
  object: 'user',
  id: 'a4f789cc-7bc8-4cf0-82b9-a8ba7d985ecf',
  name: 'Ada',
  avatar_url: null,
  type: 'person',
  person: { email: 'ada@example.com' },
};
const OWN_FIELD: JsonObject = { id: 'fldOwn0000000001', name: 'Name', type: 'singleLineText' };

function recordedJson(folder: string): readonly unknown[] {
  const directory = join(RECORDED, folder);
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as unknown);
}

/** Every object in the payloads that passes, wherever it lies. */
function collect(
  payloads: readonly unknown[],
  wanted: (value: JsonObject) => boolean,
): JsonObject[] {
  const found: JsonObject[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isObject(value)) return;
    if (wanted(value)) found.push(value);
    Object.values(value).forEach(visit);
  };
  payloads.forEach(visit);
  return found;
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Postgres takes the text of every cell as its column's type, or the test fails. */
async function cast(columns: readonly Column[], values: readonly (string | null)[]): Promise<void> {
  const cells = columns.map((column, i) => `$${i + 1}::text::${column.column_type}`);
  if (cells.length > 0) await database.pool.query(`select ${cells.join(', ')}`, [...values]);
}

const isPage = (value: JsonObject) =>
  value['object'] === 'page' && isObject(value['properties']) && typeof value['id'] === 'string';
const isProperty = (value: unknown): value is PropertyConfig & { readonly id: string } =>
  isObject(value) && typeof value['type'] === 'string' && typeof value['id'] === 'string';

function columnsOfPage(page: JsonObject): Column[] {
  return Object.entries(page['properties'] as JsonObject).flatMap(([name, property]) => {
    if (!isProperty(property)) return [];
    const { type } = property;
    const id = propertyId(property.id);
    return [{ id, name, type, column: id, column_type: notionColumnType(property) }];
  });
}

describe('recorded Notion pages', () => {
  it('are converted without an error, each cell fits its column, and nothing is lost', async () => {
    const pages = collect([OWN_PAGE, ...recordedJson('notion')], isPage);
    for (const page of pages) {
      const columns = columnsOfPage(page);
      const record = notionConverter(columns)(page);
      expect(JSON.parse(rawText(record.raw))).toEqual(page);
      expect(record.id).toBe(page['id']);
      expect(record.values).toHaveLength(columns.length);
      await cast(columns, record.values);
    }
    expect(pages.length).toBeGreaterThan(existsSync(RECORDED) ? 70 : 0);
  });

  it('have a column type for every recorded property', () => {
    const configs = collect(
      recordedJson('notion/derived'),
      (value) => isProperty(value) && 'name' in value,
    );
    for (const config of configs) expect(notionColumnType(config as PropertyConfig)).toBeTruthy();
    expect(configs.length).toBeGreaterThan(existsSync(RECORDED) ? 20 : -1);
  });
});

describe('recorded Notion users', () => {
  const columns = USERS.fields.map(({ id, column_type }) => {
    return { id, name: id, type: column_type, column: id, column_type };
  });

  it('are converted without an error, each cell fits its column, and nothing is lost', async () => {
    const isUser = (value: JsonObject) => value['object'] === 'user' && 'name' in value;
    const users = collect([OWN_USER, ...recordedJson('notion')], isUser);
    const convert = createEntryConverter(USERS, columns);
    for (const user of users) {
      const record = convert(user);
      expect(record.errors).toBeNull();
      expect(JSON.parse(rawText(record.raw))).toEqual(user);
      await cast(columns, record.values);
    }
    expect(users.length).toBeGreaterThan(existsSync(RECORDED) ? 10 : 0);
  });
});

describe('recorded Airtable fields', () => {
  const isField = (value: JsonObject) => fieldSchema.safeParse(value).success && 'type' in value;
  const fields = collect([OWN_FIELD, ...recordedJson('airtable')], isField).map((field) =>
    fieldSchema.parse(field),
  );

  it('have a column each, whatever their type', () => {
    for (const field of fields) expect(airtableColumnType(field)).toBeTruthy();
    expect(fields.length).toBeGreaterThan(existsSync(RECORDED) ? 30 : 0);
  });

  it('hold any cell without an error, and nothing is lost', async () => {
    const cells = [
      'text',
      12.5,
      true,
      [],
      ['a', null],
      { error: '#ERROR!' },
      { specialValue: 'NaN' },
      1e21,
    ];
    for (const field of fields) {
      const column_type = airtableColumnType(field);
      const column = {
        id: field.id,
        name: field.name,
        type: fieldTypeOf(field),
        column: 'c',
        column_type,
      };
      const convert = airtableConverter([column]);
      for (const cell of cells) {
        const given = {
          id: 'recOwn0000000001',
          createdTime: '2026-01-01T00:00:00.000Z',
          fields: { [field.id]: cell },
        };
        const record = convert(given);
        expect(JSON.parse(rawText(record.raw))).toEqual(given);
        await cast([column], record.values);
      }
    }
  });
});
