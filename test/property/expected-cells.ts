import { isDeepStrictEqual } from 'node:util';
import type { Platform } from '../../src/sim/exchange.ts';
import type { Row } from '../support/tables.ts';

/** A column of a source, as recorded for the field that it holds. */
export interface KnownColumn {
  readonly id: string;
  readonly name: string;
  readonly type: string;
}

type Json = Readonly<Record<string, unknown>>;

/** What docs/data-model.md says of texts that Postgres refuses. */
const storable = (text: string) =>
  text.replaceAll('\0', '\ufffd').replaceAll(/\p{Surrogate}/gu, '\ufffd');

/** The cells of a record by field id, worked out from the API's answer by this test alone. */
export function expectedCells(platform: Platform, record: Json): ReadonlyMap<string, unknown> {
  if (platform === 'airtable') {
    const fields = Object.entries(record['fields'] as Json);
    return new Map(fields.map(([id, cell]) => [id, airtableCell(cell)]));
  }
  const properties = Object.values(record['properties'] as Json) as Json[];
  return new Map(
    properties.map((property) => [
      decodeURIComponent(String(property['id'])),
      notionCell(property),
    ]),
  );
}

function airtableCell(cell: unknown): unknown {
  if (typeof cell === 'string') return storable(cell);
  return Array.isArray(cell) ? cell.map((item) => storable(String(item))) : cell;
}

function notionCell(property: Json): unknown {
  const type = String(property['type']);
  const value = property[type];
  switch (type) {
    case 'title':
    case 'rich_text':
      return storable((value as Json[]).map((item) => String(item['plain_text'])).join('')) || null;
    case 'select':
      return value === null ? null : storable(String((value as Json)['name']));
    case 'multi_select': {
      const names = (value as Json[]).map((option) => storable(String(option['name'])));
      return names.length === 0 ? null : names;
    }
    default:
      return value;
  }
}

/** Names of the columns whose cell is not what it should be. A field that the record lacks is empty. */
export function wrongCells(
  columns: readonly KnownColumn[],
  row: Row,
  expected: ReadonlyMap<string, unknown>,
): readonly string[] {
  return columns
    .filter(({ id, name, type }) => !isSame(type, row[name], expected.get(id)))
    .map(({ name }) => name);
}

function isSame(type: string, found: unknown, expected: unknown): boolean {
  // A checkbox that is not ticked is left out by one platform and false with the other; never NULL.
  if (type === 'boolean') return found === (expected ?? false);
  if (typeof expected === 'number') return found !== null && Number(found) === expected;
  return isDeepStrictEqual(found ?? null, expected ?? null);
}
