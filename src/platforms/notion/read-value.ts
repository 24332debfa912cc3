import type { Column } from '../../contract/schema.ts';
import type { WholeValue } from '../session.ts';
import { isObject } from '../values/json-object.ts';
import { readList } from './answers.ts';
import type { Api } from './client.ts';
import { Unfit } from './property-values.ts';
import { valueText } from './value-text.ts';

/**
 * The whole of a value that a query cut short, from the property's own endpoint, which lists one item
 * per related page, person or piece of text. Its `next_url` is not followed: addresses are built here.
 */
export async function readValue(api: Api, recordId: string, column: Column): Promise<WholeValue> {
  const what = `property ${column.id} of page ${recordId}`;
  const path = `pages/${encodeURIComponent(recordId)}/properties/${encodeURIComponent(column.id)}`;
  const items = await readList(api, { method: 'get', path, what });
  const payload = items.map((item) => (isObject(item) ? item[column.type] : undefined));
  const text = valueText(column.type, column.column_type)(payload);
  return text instanceof Unfit ? { unfit: text.reason } : { text };
}
