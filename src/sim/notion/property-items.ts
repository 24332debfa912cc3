import { hashText } from '../seeded.ts';
import type { SimRow } from '../rows.ts';
import { invalidCursor } from './errors.ts';
import { decodedId } from './properties.ts';
import type { NotionProperty } from './properties.ts';
import { propertyValue } from './property-values.ts';
import type { ValueView } from './property-values.ts';
import type { NotionDataSource } from './workspace.ts';

const PAGINATED = new Set(['title', 'rich_text', 'relation', 'people']);
const ORIGIN = 'https://api.notion.com';

export interface ItemPage {
  readonly pageSize: number;
  readonly cursor: string | null;
}

/**
 * `pages/{id}/properties/{pid}`: one object for simple types; for title, rich_text, relation, people
 * and rollups of originals a list with one value per item, which is how a value is read whole.
 */
export function propertyItem(
  view: ValueView,
  source: NotionDataSource,
  row: SimRow,
  property: NotionProperty,
  page: ItemPage,
): Record<string, unknown> {
  const value = propertyValue(view, source, row, property);
  const items = itemsOf(property, value, source);
  if (items === null) {
    return {
      object: 'property_item',
      type: property.type,
      id: property.id,
      [property.type]: value,
    };
  }
  // Cursors of this endpoint are six characters in live traffic.
  const cursorAt = (at: number) =>
    hashText(`${row.id} ${property.id} ${at}`).toString(36).padStart(6, '0').slice(-6);
  const start = page.cursor === null ? 0 : items.findIndex((_, at) => cursorAt(at) === page.cursor);
  if (start < 0) throw invalidCursor(String(page.cursor));
  const end = start + page.pageSize;
  const next = end < items.length ? cursorAt(end) : null;
  const path = `/v1/pages/${row.id.replaceAll('-', '')}/properties/${property.id}`;
  return {
    object: 'list',
    results: items.slice(start, end),
    next_cursor: next,
    has_more: next !== null,
    type: 'property_item',
    property_item: {
      id: property.id,
      next_url:
        next === null ? null : `${ORIGIN}${path}?start_cursor=${next}&page_size=${page.pageSize}`,
      type: property.type,
      [property.type]: property.type === 'rollup' ? emptied(value) : {},
    },
  };
}

const emptied = (value: unknown) =>
  typeof value === 'object' && value !== null ? { ...value, array: [] } : value;

function itemsOf(
  property: NotionProperty,
  value: unknown,
  source: NotionDataSource,
): readonly Record<string, unknown>[] | null {
  const item = (id: string, type: string, content: unknown) => ({
    object: 'property_item',
    type,
    id,
    [type]: content,
  });
  if (PAGINATED.has(property.type) && Array.isArray(value)) {
    return value.map((content: unknown) => item(property.id, property.type, content));
  }
  if (property.type !== 'rollup' || typeof value !== 'object' || value === null) return null;
  if (!('array' in value) || !Array.isArray(value.array)) return null;
  const title = source.properties.find((other) => other.type === 'title');
  const id = title === undefined ? 'title' : decodedId(title);
  return value.array.flatMap((entry: { title?: readonly unknown[] }) =>
    (entry.title ?? []).map((content) => item(id, 'title', content)),
  );
}
