import type { ConvertedRecord, SourceField } from '../../contract/schema.ts';
import { SyncFailure } from '../../errors.ts';
import { rawText } from '../../platforms/values/utf8-text.ts';
import type { Check } from './check.ts';
import { expectSameRecords, idsOf } from './compare-records.ts';
import { nameOf } from './observed-requests.ts';
import { expectThat, methodOf } from './outcome.ts';
import { prepareScan, readAll, readWhole } from './reading.ts';
import type { Subject } from './subject.ts';

export const SCHEMA_CHECKS: readonly Check[] = [
  { name: 'a new field is described, the others as before', examine: addedField },
  { name: 'field ids survive a rename', examine: renamedField },
  { name: 'a rename during a scan moves no value', examine: renameDuringScan },
  { name: 'a type that is not known is kept as jsonb or text', examine: unknownType },
];

const fieldsOf = async ({ connect, ref }: Subject): Promise<readonly SourceField[]> =>
  (await connect().describe(ref)).fields;

const byId = (fields: readonly SourceField[]) => new Map(fields.map((field) => [field.id, field]));

async function addedField(subject: Subject): Promise<void> {
  const { stage } = subject;
  const add = methodOf(stage, 'addField', 'the stage cannot addField()');
  const before = await fieldsOf(subject);
  await add();
  const now = byId(await fieldsOf(subject));
  expectThat(
    now.size === before.length + 1,
    `${before.length + 1} fields after addField()`,
    `${now.size}`,
  );
  for (const { id, name, type } of before) {
    const found = now.get(id);
    expectThat(
      found?.name === name && found.type === type,
      `the field ${id} as it was`,
      JSON.stringify(found ?? null),
    );
  }
}

async function renamedField(subject: Subject): Promise<void> {
  const { stage } = subject;
  const rename = methodOf(stage, 'renameField', 'the stage cannot renameField()');
  const before = byId(await fieldsOf(subject));
  await rename();
  const now = byId(await fieldsOf(subject));
  const gone = [...before.keys()].filter((id) => !now.has(id));
  expectThat(
    gone.length === 0 && now.size === before.size,
    'the same field ids after renameField()',
    `${gone.join(', ') || 'none'} gone, ${now.size} of ${before.size} fields`,
  );
  const renamed = [...now.values()].filter(({ id, name }) => before.get(id)?.name !== name);
  expectThat(renamed.length === 1, 'one other name after renameField()', `${renamed.length}`);
}

/** The table has the columns of before; values are found by the field's id. */
async function renameDuringScan(subject: Subject): Promise<void> {
  const { stage } = subject;
  const rename = methodOf(stage, 'renameField', 'the stage cannot renameField()');
  const scan = await prepareScan(subject);
  const before = await readAll(scan);
  const steady = steadyValues(before.records, (await readAll(scan)).records);
  await rename();
  const now = await readAll(scan).catch((thrown: unknown) => {
    expectThat(
      thrown instanceof SyncFailure && thrown.type === 'SchemaChanged',
      'the values of before a rename, or SchemaChanged',
      `threw ${nameOf(thrown)}`,
    );
    return null;
  });
  if (now === null) return;
  const records = new Map(now.records.map((record) => [record.id, record]));
  for (const [id, values] of steady) {
    const others = values.filter(([place, value]) => records.get(id)?.values[place] !== value);
    expectThat(
      others.length === 0,
      `the values of ${id} as they were before a field had another name`,
      () => `others in ${others.map(([place]) => scan.columns[place]?.name).join(', ')}`,
    );
  }
}

type PlacedValue = readonly [place: number, value: string | null];

/** By record, the values that two readings agree on: links that are signed anew differ. */
function steadyValues(
  first: readonly ConvertedRecord[],
  second: readonly ConvertedRecord[],
): ReadonlyMap<string, readonly PlacedValue[]> {
  const again = new Map(second.map(({ id, values }) => [id, values]));
  return new Map(
    first.map(({ id, values }) => [
      id,
      values
        .map((value, place): PlacedValue => [place, value])
        .filter(([place, value]) => again.get(id)?.[place] === value),
    ]),
  );
}

async function unknownType(subject: Subject): Promise<void> {
  const { stage, platform } = subject;
  const add = methodOf(stage, 'addUnknownType', 'the stage cannot addUnknownType()');
  const before = await readWhole(subject);
  await add();
  const scan = await prepareScan(subject);
  const unknown = scan.columns.filter(({ type }) => !platform.knownTypes.has(type));
  expectThat(unknown.length > 0, 'a field of a type that is not in knownTypes', 'none');
  for (const { name, type, column_type } of unknown) {
    expectThat(
      column_type === 'jsonb' || column_type === 'text',
      `${name} of the unknown type ${type} as jsonb or text`,
      column_type,
    );
  }
  const { records, rejected } = await readAll(scan);
  expectThat(rejected.length === 0, 'no record rejected for it', `${rejected.length} rejected`);
  const [ids, now] = [idsOf(before.records), idsOf(records)];
  expectThat(
    [...ids].every((id) => now.has(id)),
    `all ${ids.size} records with a field of an unknown type`,
    `${now.size}`,
  );
  const places = scan.columns.flatMap(({ id }, at) =>
    unknown.some((field) => field.id === id) ? [at] : [],
  );
  expectThat(
    records.some(({ values }) => places.some((at) => typeof values[at] === 'string')),
    'the value of an unknown type to be kept',
    'null in every record',
  );
  const converter = platform.createConverter(scan.columns, subject.ref);
  const again = records.map(({ raw }) => converter(JSON.parse(rawText(raw))));
  expectSameRecords(records, again, 'records with an unknown type to convert as they were listed');
}
