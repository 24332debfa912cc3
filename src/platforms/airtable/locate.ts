import type { Column } from '../../contract/schema.ts';
import type { RateRule, SourceRef, Whereabouts } from '../platform.ts';
import { parseAnswer, recordsSchema } from './answers.ts';
import type { Api } from './client.ts';
import { createConverter } from './convert.ts';
import { oneOf } from './formula.ts';
import { externalId, tableRef } from './source-ref.ts';

/** As many as a page holds, and an address of 16,000 characters. */
export const LOCATED_AT_ONCE = 100;

/**
 * What became of at most LOCATED_AT_ONCE records: listed by their ids, or gone. A listing fixes its membership at
 * the first page, so a record that was in the trash then, and came back since, is there after all. With a view,
 * a record that left the view counts as gone.
 */
export async function locate(
  api: Api,
  rules: readonly RateRule[],
  ref: SourceRef,
  ids: readonly string[],
  columns: readonly Column[],
): Promise<ReadonlyMap<string, Whereabouts>> {
  const { base, table, view } = tableRef(ref);
  const what = `records of table ${externalId(ref)}`;
  const query = {
    pageSize: LOCATED_AT_ONCE,
    returnFieldsByFieldId: true,
    filterByFormula: oneOf(ids),
    ...(view === undefined ? {} : { view }),
  };
  const answer = await api(rules, { base, path: `/${table}`, query, what });
  const { records } = parseAnswer(recordsSchema, answer.body, what);
  const found = records.map(createConverter(columns));
  const present = new Map(found.map((record) => [record.id, record]));
  return new Map(
    ids.map((id): [string, Whereabouts] => {
      const record = present.get(id);
      return [id, record === undefined ? { state: 'trashed' } : { state: 'present', record }];
    }),
  );
}
