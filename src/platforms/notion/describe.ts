import type { SourceSchema } from '../../contract/schema.ts';
import { SyncFailure } from '../../errors.ts';
import type { SourceRef } from '../platform.ts';
import { dataSourceSchema, parseAnswer, titleText } from './answers.ts';
import type { Api } from './client.ts';
import { columnTypeOf, propertyId } from './property-types.ts';
import { serverTime } from '../server-time.ts';
import { dataSourceId } from './source-ref.ts';

/** What Notion says of a data source now: its title, its properties by id, and the server's time. */
export async function describe(api: Api, ref: SourceRef): Promise<SourceSchema> {
  const id = dataSourceId(ref);
  const what = `data source ${id}`;
  const answer = await api({ method: 'get', path: `data_sources/${id}`, what });
  const source = parseAnswer(dataSourceSchema, answer.body, what);
  const title = titleText(source.title);
  if (source.in_trash) {
    throw new SyncFailure('NotFound', `The ${what} is in Notion's trash`, {
      hint: 'restore it in Notion, or disable the source in the catalog',
    });
  }
  return {
    title,
    external_id: id,
    fields: Object.entries(source.properties).map(([key, property]) => ({
      id: propertyId(property.id),
      name: property.name ?? key,
      type: property.type,
      column_type: columnTypeOf(property),
    })),
    server_time: serverTime(answer.date, what),
  };
}
