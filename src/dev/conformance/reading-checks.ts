import { recordId } from '../../platforms/values/record-id.ts';
import type { Check } from './check.ts';
import { expectSameRecords, idsOf } from './compare-records.ts';
import { expectThat, isTime, methodOf, need } from './outcome.ts';
import { prepareScan, readAll, readWhole } from './reading.ts';
import { readColumns, type Subject } from './subject.ts';

const FEWEST = 5;
const TINY = [1, 2, 3];

export const READING_CHECKS: readonly Check[] = [
  { name: 'a full scan finds every record of the source', examine: everyRecord },
  { name: 'records have an id, a hash and a value for each column', examine: wellFormed },
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
    const { id, values, hash, raw, created_at, edited_at, errors, truncated } = record;
    const says = (expected: string, seen: string) => (isKept: boolean) =>
      expectThat(isKept, expected, `${seen} of record ${id}`);
    says('ids of 1 to 255 characters that can be keys', 'the id')(recordId({ id }) !== null);
    says(
      `${fields.size} values, one for each column`,
      `${values.length} values`,
    )(values.length === fields.size);
    says(
      'values as text or null',
      'values',
    )(values.every((value) => value === null || typeof value === 'string'));
    says('a hash', 'an empty one')(typeof hash === 'string' && hash !== '');
    says('raw to be JSON', 'the raw text')(isJson(raw));
    says(
      'times as ISO 8601',
      `${created_at}, ${edited_at}`,
    )([created_at, edited_at].every((time) => time === null || isTime(time)));
    says(
      'errors and truncated to name columns by field id',
      'others',
    )([...Object.keys(errors ?? {}), ...truncated].every((field) => fields.has(field)));
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
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
  const reading = await readWhole(subject, platform.parseRef(given));
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
    const ref = platform.parseRef(given);
    await readColumns(subject.connect(), ref);
    const whole = await readWhole(subject, ref);
    const tiny = await readAll(await prepareScan(subject, { ref, max_records: 1 }));
    expectSameRecords(
      whole.records,
      tiny.records,
      `the listing ${name} in small parts as in large ones`,
    );
  }
}
