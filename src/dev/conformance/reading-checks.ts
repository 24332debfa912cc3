import { customCountsProblem } from '../../contract/metrics.ts';
import type { ConvertedRecord } from '../../contract/schema.ts';
import { recordId } from '../../platforms/values/record-id.ts';
import { rawText } from '../../platforms/values/utf8-text.ts';
import type { Check } from './check.ts';
import { expectSameRecords, idsOf } from './compare-records.ts';
import { expectThat, isTime, methodOf, need, Nonconformance, Skipped } from './outcome.ts';
import { prepareScan, readAll, readWhole } from './reading.ts';
import { parseGiven, type Subject } from './subject.ts';

const FEWEST = 5;
const TINY = [1, 2, 3];

export const READING_CHECKS: readonly Check[] = [
  { name: 'a full scan finds every record of the source', examine: everyRecord },
  { name: 'records have an id, a hash and a value for each column', examine: wellFormed },
  { name: 'counts of its own have names and numbers that can be summed', examine: counts },
  { name: 'two full scans give the same records', examine: twice },
  { name: 'batches of 1, 2 and 3 records give the same as large ones', examine: tinyBatches },
  { name: 'done is said at the end, whatever ends a batch', examine: doneAtTheEnd },
  { name: 'a source without records is read to its end', examine: emptySource },
  { name: 'listings are read like sources', examine: listings },
];

async function everyRecord(subject: Subject): Promise<void> {
  const { records } = await readWhole(subject);
  expectThat(
    records.length >= FEWEST,
    `a source with at least ${FEWEST} records on the stage`,
    `${records.length}`,
  );
  const ids = await methodOf(subject.stage, 'ids', 'the stage does not tell ids()')();
  const found = idsOf(records);
  const missing = ids.filter((id) => !found.has(id));
  expectThat(
    missing.length === 0 && found.size === new Set(ids).size,
    `the ${ids.length} records that the stage has`,
    () => `${found.size}, without ${missing.slice(0, FEWEST).join(', ') || 'any missing'}`,
  );
}

async function wellFormed(subject: Subject): Promise<void> {
  const scan = await prepareScan(subject);
  const fields = new Set(scan.columns.map(({ id }) => id));
  for (const record of (await readAll(scan)).records) {
    const broken = promisesOf(record, fields).find(([isKept]) => !isKept);
    if (broken === undefined) continue;
    const [, expected, seen] = broken;
    throw new Nonconformance(expected, `${seen} of record ${record.id}`);
  }
}

function promisesOf(
  record: ConvertedRecord,
  fields: ReadonlySet<string>,
): readonly (readonly [isKept: boolean, expected: string, seen: string])[] {
  const { id, values, hash, raw, created_at, edited_at, errors, truncated } = record;
  const named = [...Object.keys(errors ?? {}), ...truncated];
  const isText = (value: unknown) => typeof value === 'string';
  return [
    [recordId({ id }) !== null, 'ids of 1 to 255 characters that can be keys', 'the id'],
    [
      values.length === fields.size,
      `${fields.size} values, one for each column`,
      `${values.length} values`,
    ],
    [values.every((value) => value === null || isText(value)), 'texts or null', 'a value'],
    [isText(hash) && hash !== '', 'a hash', 'none'],
    [isJson(rawText(raw)), 'raw to be JSON', 'the raw text'],
    [created_at === null || isTime(created_at), 'ISO 8601 or null', `created_at ${created_at}`],
    [edited_at === null || isTime(edited_at), 'ISO 8601 or null', `edited_at ${edited_at}`],
    [named.every((field) => fields.has(field)), 'errors and truncated by field id', 'others'],
  ];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function counts(subject: Subject): Promise<void> {
  const { steps } = await readWhole(subject);
  const given = steps.flatMap(({ batch }) => (batch.counts === undefined ? [] : [batch.counts]));
  if (given.length === 0) throw new Skipped('the platform counts nothing of its own');
  for (const one of given) {
    const problem = customCountsProblem(one);
    expectThat(problem === null, 'counts as docs/extending.md has them', `${problem}`);
  }
}

async function twice(subject: Subject): Promise<void> {
  const first = await readWhole(subject);
  const second = await readWhole(subject);
  expectSameRecords(
    first.records,
    second.records,
    'the second full scan to give what the first did',
  );
}

async function tinyBatches(subject: Subject): Promise<void> {
  const whole = await readWhole(subject);
  for (const max_records of TINY) {
    const { records } = await readAll(await prepareScan(subject, { max_records }));
    expectSameRecords(
      whole.records,
      records,
      `batches of ${max_records} to give each of ${whole.records.length} records once`,
    );
  }
}

/** The end of one reading is not where another one found records. */
async function doneAtTheEnd(subject: Subject): Promise<void> {
  const isTimeUp = () => true;
  const plans = [{}, { isTimeUp }, { max_records: 3 }, { max_records: 3, isTimeUp }];
  const readings = [];
  for (const plan of plans) {
    const { records, gaps } = await readAll(await prepareScan(subject, plan));
    readings.push({ plan, ids: idsOf(records), gaps });
  }
  const all = new Set(readings.flatMap(({ ids }) => [...ids]));
  for (const { plan, ids, gaps } of readings) {
    const how = [
      'max_records' in plan ? `batches of ${plan.max_records}` : 'large batches',
      ...('isTimeUp' in plan ? ['the time always up'] : []),
    ].join(' and ');
    expectThat(
      ids.size === all.size || gaps.length > 0,
      `with ${how}, done after all ${all.size} records`,
      `done after ${ids.size}`,
    );
  }
}

async function emptySource(subject: Subject): Promise<void> {
  const { stage, platform } = subject;
  const given = await methodOf(stage, 'empty', 'the stage has no empty() source')();
  const reading = await readWhole(subject, parseGiven(platform, given));
  expectThat(
    reading.records.length + reading.rejected.length === 0,
    'no record of an empty source',
    `${reading.records.length} records, ${reading.rejected.length} rejected`,
  );
  expectThat(reading.gaps.length === 0, 'no gap in an empty source', reading.gaps.join('; '));
}

async function listings(subject: Subject): Promise<void> {
  const { platform } = subject;
  for (const { name, ref: given } of need(platform.listings, 'the platform offers no listings')) {
    const ref = parseGiven(platform, given);
    const whole = await readWhole(subject, ref);
    const tiny = await readAll(await prepareScan(subject, { ref, max_records: 1 }));
    expectSameRecords(
      whole.records,
      tiny.records,
      `the listing ${name} in small parts as in large ones`,
    );
  }
}
