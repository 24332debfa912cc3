import type { Column } from '../../contract/schema.ts';
import { SyncFailure } from '../../errors.ts';
import type { RateRule, SourceRef } from '../platform.ts';
import type { Whereabouts } from '../session.ts';
import { isObject } from '../values/json-object.ts';
import { parseAnswer, recordsSchema } from './answers.ts';
import type { Api } from './client.ts';
import { createConverter } from './convert.ts';
import { modifiedSince, withIds } from './formula.ts';
import { externalId, tableRef } from './source-ref.ts';

/** As many as one page holds. Their formula takes some 3,200 characters, so it goes with POST. */
export const LOCATED_AT_ONCE = 100;

const RECORD_ID = /^rec[A-Za-z0-9]+$/;

/**
 * What the table (or its view) has under these ids, by a listing with a formula. What it lacks is gone: deleted,
 * or out of the view. What has not the form of an id is not asked about: no record has it.
 */
export async function locate(
  api: Api,
  rules: readonly RateRule[],
  ref: SourceRef,
  ids: readonly string[],
  columns: readonly Column[],
): Promise<ReadonlyMap<string, Whereabouts>> {
  const convert = createConverter(columns);
  const found = new Map<string, Whereabouts>(ids.map((id) => [id, { state: 'trashed' }]));
  for (const answer of await recordsOf(api, rules, ref, ids, (known) => withIds(known))) {
    const record = convert(answer);
    if (found.has(record.id)) found.set(record.id, { state: 'present', record });
  }
  return found;
}

/** Which of these records were edited, or made, at or after a time. */
export async function editedSince(
  api: Api,
  rules: readonly RateRule[],
  ref: SourceRef,
  ids: readonly string[],
  since: string,
): Promise<ReadonlySet<string>> {
  const formula = (known: readonly string[]) => `AND(${withIds(known)},${modifiedSince(since)})`;
  const answers = await recordsOf(api, rules, ref, ids, formula);
  return new Set(answers.flatMap((record) => (isObject(record) ? [String(record['id'])] : [])));
}

async function recordsOf(
  api: Api,
  rules: readonly RateRule[],
  ref: SourceRef,
  ids: readonly string[],
  formula: (known: readonly string[]) => string,
): Promise<readonly unknown[]> {
  const known = ids.filter((id) => RECORD_ID.test(id));
  if (known.length === 0) return [];
  const { base, table, view } = tableRef(ref);
  const what = `table ${externalId(ref)}`;
  const records: unknown[] = [];
  let offset: string | null = null;
  // Pages may come short, but not without end.
  for (let pages = 0; pages <= known.length; pages++) {
    const body: Record<string, unknown> = {
      pageSize: LOCATED_AT_ONCE,
      returnFieldsByFieldId: true,
      filterByFormula: formula(known),
      ...(view === undefined ? {} : { view }),
      ...(offset === null ? {} : { offset }),
    };
    const answer = await api(rules, { base, path: `/${table}/listRecords`, body, what });
    const page = parseAnswer(recordsSchema, answer.body, what);
    records.push(...page.records);
    offset = page.offset ?? null;
    if (offset === null) return records;
  }
  throw new SyncFailure('InvalidAnswer', `Airtable's listing of ${what} by ids does not end`);
}
