import { isDeepStrictEqual } from 'node:util';
import type { Column, ConvertedRecord } from '../../contract/schema.ts';
import { convertOrReject } from '../../platforms/convert-or-reject.ts';
import { recordHash } from '../../platforms/values/record-hash.ts';
import { recordId } from '../../platforms/values/record-id.ts';
import { isObject } from '../../platforms/values/json-object.ts';
import { rawText } from '../../platforms/values/utf8-text.ts';
import type { Check } from './check.ts';
import { expectSameRecords, idsOf } from './compare-records.ts';
import { expectThat, methodOf, need } from './outcome.ts';
import { prepareScan, readAll, readWhole } from './reading.ts';
import type { Subject } from './subject.ts';

/** Stands in odd records, and in no reason for which they are refused. */
const MARK = 'value-of-an-odd-record';

export const RECORD_CHECKS: readonly Check[] = [
  { name: 'stored records convert to what was listed', examine: storedRecords },
  { name: 'odd records become a whole row or none, and are not quoted', examine: oddRecords },
  { name: 'a record that cannot be converted is rejected, the others are read', examine: rejected },
];

/** What a retry from quarantine and a column that is filled again rest on. */
async function storedRecords(subject: Subject): Promise<void> {
  const scan = await prepareScan(subject);
  const { records } = await readAll(scan);
  const convert = subject.platform.createConverter(scan.columns, subject.ref);
  const converted = records.map(({ raw }) => convert(JSON.parse(rawText(raw))));
  expectSameRecords(records, converted, 'createConverter to make of raw what fetchBatch gave');
  for (const [index, record] of converted.entries()) {
    expectThat(
      isDeepStrictEqual(withRawParsed(record), withRawParsed(records[index])),
      'createConverter to make the same values and raw text again',
      `others of record ${record.id}`,
    );
  }
  const bare = subject.platform.createConverter([], subject.ref);
  const others = records.filter(
    ({ raw, hash }) => bare(withKeysTurned(JSON.parse(rawText(raw)))).hash !== hash,
  );
  expectThat(
    others.length === 0,
    'the same hash whatever columns are wanted and in whatever order keys come (jsonb keeps none)',
    `another of ${others.length} records`,
  );
}

/** Numbers and spaces of what came may be written in another way. */
const withRawParsed = (record: ConvertedRecord | undefined) =>
  record && { ...record, raw: JSON.parse(rawText(record.raw)) as unknown };

function withKeysTurned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withKeysTurned);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).toReversed();
  return Object.fromEntries(entries.map(([key, part]) => [key, withKeysTurned(part)]));
}

async function oddRecords(subject: Subject): Promise<void> {
  const { columns, ...scan } = await prepareScan(subject);
  const { records } = await readAll({ ...scan, columns });
  const sample: unknown = JSON.parse(rawText(need(records[0], 'the source has no record').raw));
  const convert = subject.platform.createConverter(columns, subject.ref);
  for (const odd of oddForms(sample)) {
    const conversion = convertOrReject(convert, recordHash, odd);
    if (conversion.kind === 'converted') expectRow(conversion.record, columns);
    else {
      const { reason } = conversion.record;
      expectThat(!reason.includes(MARK), 'reasons that quote no value', reason);
    }
  }
}

function expectRow(record: ConvertedRecord, columns: readonly Column[]): void {
  const { id, values, hash, raw } = record;
  const text = JSON.stringify(record);
  expectThat(recordId({ id }) !== null, 'no row with an id that is none', text.slice(0, 200));
  expectThat(
    values.length === columns.length &&
      values.every((value) => value === null || isStorable(value)) &&
      (typeof raw === 'string' || raw instanceof Uint8Array) &&
      typeof hash === 'string' &&
      hash !== '',
    'a row of texts that Postgres can store, one for each column',
    text.slice(0, 200),
  );
}

const isStorable = (value: unknown) =>
  typeof value === 'string' && !value.includes('\0') && value.isWellFormed();

const ODD_VALUES: readonly unknown[] = [
  null,
  MARK,
  7,
  -0.5,
  true,
  [],
  {},
  [MARK],
  [null, 7, [MARK]],
  { [MARK]: MARK },
  `${MARK}\0\ud800`,
  deep(2_000),
];

function deep(levels: number): unknown {
  let value: unknown = MARK;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

/** What could come in place of a record: anything at all, or one in which one part is odd. */
function* oddForms(sample: unknown): Generator<unknown> {
  yield* ODD_VALUES;
  for (const id of ['', 'x'.repeat(300), `a${MARK}\0`, '\ud800', 7, null, [MARK]]) {
    yield isObject(sample) ? { ...sample, id } : { id };
  }
  if (!isObject(sample)) return;
  for (const [key, part] of Object.entries(sample)) {
    const { [key]: _, ...without } = sample;
    yield without;
    for (const odd of ODD_VALUES) {
      yield { ...sample, [key]: odd };
      if (!isObject(part)) continue;
      // Where the values are: all of them odd.
      yield { ...sample, [key]: Object.fromEntries(Object.keys(part).map((name) => [name, odd])) };
    }
  }
}

async function rejected(subject: Subject): Promise<void> {
  const { stage } = subject;
  const add = methodOf(stage, 'addUnconvertible', 'the stage cannot addUnconvertible()');
  const before = await readWhole(subject);
  await add();
  const now = await readWhole(subject);
  expectThat(now.rejected.length > 0, 'a rejected record', 'none');
  const ids = idsOf(now.records);
  expectThat(
    before.records.every(({ id }) => ids.has(id)),
    `the other ${before.records.length} records`,
    `${ids.size}`,
  );
  for (const { id, raw, hash, reason } of now.rejected) {
    expectThat(
      (id === null || recordId({ id }) !== null) && raw !== '' && hash !== '' && reason !== '',
      'rejected records with raw, hash and reason, and an id that can be a key or null',
      JSON.stringify({ id, hash, reason }),
    );
    expectThat(
      id !== null || now.gaps.length > 0,
      'a gap for a rejected record without id, as it may be any',
      'none',
    );
  }
}
