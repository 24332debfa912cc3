import type { SourceSchema } from '../../contract/schema.ts';
import { SyncFailure } from '../../errors.ts';
import type { RateRule, SourceRef } from '../platform.ts';
import { fieldSchema, parseAnswer, tableSchema, tablesSchema } from './answers.ts';
import type { Api } from './client.ts';
import { isObject } from '../values/json-object.ts';
import { columnTypeOf, fieldTypeOf } from './field-types.ts';
import { serverTime } from '../server-time.ts';
import { externalId, tableRef } from './source-ref.ts';

/** What Airtable says of one table now: its name, its fields by id, and the server's time. */
export async function describe(
  api: Api,
  rules: readonly RateRule[],
  ref: SourceRef,
): Promise<SourceSchema> {
  const { base, table } = tableRef(ref);
  const what = `base ${base}`;
  // One answer has all tables of the base: sources of it that begin or end together share it.
  const path = `/bases/${base}/tables`;
  const answer = await api(rules, { base: 'meta', path, isShared: true, what });
  const { tables } = parseAnswer(tablesSchema, answer.body, what);
  const listed = tables.find((entry) => isObject(entry) && entry['id'] === table);
  if (listed === undefined) {
    throw new SyncFailure('NotFound', `Airtable knows no table ${table} in ${what}`, {
      hint: 'check base and table in the catalog: it may have been deleted',
    });
  }
  const found = parseAnswer(tableSchema, listed, `table ${externalId(ref)}`);
  return {
    title: found.name,
    external_id: externalId(ref),
    fields: found.fields.map((description) => {
      const field = parseAnswer(fieldSchema, description, `table ${externalId(ref)}`);
      return {
        id: field.id,
        name: field.name,
        type: fieldTypeOf(field),
        column_type: columnTypeOf(field),
      };
    }),
    server_time: serverTime(answer.date, what),
  };
}
