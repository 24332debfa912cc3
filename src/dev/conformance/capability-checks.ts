import type { ConvertedRecord } from '../../contract/schema.ts';
import type { Whereabouts } from '../../platforms/session.ts';
import type { Check } from './check.ts';
import { expectSameContent, idsOf } from './compare-records.ts';
import { Skipped, expectThat, isTime, methodOf, need } from './outcome.ts';
import { prepareScan, readAll, readOn, readWhole } from './reading.ts';
import { change } from './stage-changes.ts';
import type { Subject } from './subject.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MOST_CONTENTS = 5;
const MOST_LOCATED = 20;
const MOST_VALUES = 10;
const NO_SUCH_ID = 'no such record';

export const CAPABILITY_CHECKS: readonly Check[] = [
  { name: 'locate finds what is listed, as it is listed', examine: locatePresent },
  { name: 'locate has an entry for what is gone or never was', examine: locateGone },
  { name: 'readValue gives the whole of values that were cut short', examine: readValue },
  { name: 'editedSince names the records that were edited', examine: editedSince },
  { name: 'listFrom gives the records created since', examine: listFrom },
  { name: 'readContent gives content, and the same again', examine: readContent },
];

async function locate(
  subject: Subject,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Whereabouts>> {
  const { connect, platform, ref } = subject;
  const session = connect();
  const { located_at_once } = platform;
  expectThat(
    (session.locate !== undefined) === located_at_once > 0,
    'located_at_once above 0 where there is locate, else 0',
    `${located_at_once}`,
  );
  const ask = methodOf(session, 'locate', 'the platform does not locate records');
  const { columns } = await prepareScan(subject);
  const found = new Map<string, Whereabouts>();
  for (let from = 0; from < ids.length; from += located_at_once) {
    const some = ids.slice(from, from + located_at_once);
    for (const [id, place] of await ask(ref, some, columns)) found.set(id, place);
  }
  for (const id of ids) expectThat(found.has(id), `an entry for ${id}`, 'none');
  return found;
}

async function locatePresent(subject: Subject): Promise<void> {
  const most = Math.max(MOST_LOCATED, subject.platform.located_at_once);
  const records = (await readWhole(subject)).records.slice(0, most);
  const found = await locate(
    subject,
    records.map(({ id }) => id),
  );
  const present: ConvertedRecord[] = [];
  for (const [id, place] of found) {
    expectThat(place.state === 'present', `${id}, which is listed, to be present`, place.state);
    present.push(place.record);
  }
  expectHashes(records, present);
}

/** A retrieved record may show more than a list does (values that lists cut), but it is the same one. */
function expectHashes(
  listed: readonly ConvertedRecord[],
  located: readonly ConvertedRecord[],
): void {
  const hashes = new Map(located.map(({ id, hash }) => [id, hash]));
  for (const { id, hash, truncated } of listed) {
    if (truncated.length > 0 && hashes.has(id)) continue;
    expectThat(
      hashes.get(id) === hash,
      `locate to give ${id} with the hash that it is listed with`,
      hashes.get(id) ?? 'no record',
    );
  }
}

async function locateGone(subject: Subject): Promise<void> {
  const { stage } = subject;
  await expectGone(subject, [NO_SUCH_ID]);
  const remove = methodOf(stage, 'remove', 'the stage cannot remove()');
  const before = idsOf((await readWhole(subject)).records);
  await remove();
  const now = idsOf((await readWhole(subject)).records);
  const gone = [...before].filter((id) => !now.has(id));
  expectThat(gone.length > 0, 'remove() of the stage to remove a record', 'all are listed');
  await expectGone(subject, [...gone, NO_SUCH_ID]);
}

async function expectGone(subject: Subject, ids: readonly string[]): Promise<void> {
  for (const [id, { state }] of await locate(subject, ids)) {
    expectThat(state !== 'present', `${id} not to be present`, state);
  }
}

async function readValue(subject: Subject): Promise<void> {
  const session = subject.connect();
  const read = methodOf(session, 'readValue', 'the platform does not complete values');
  const scan = await prepareScan(subject);
  const cut = (await readAll(scan)).records.flatMap(({ id, truncated, values }) =>
    scan.columns.flatMap((column, at) =>
      truncated.includes(column.id) ? [{ id, column, listed: values[at] ?? '' }] : [],
    ),
  );
  if (cut.length === 0) throw new Skipped('no value of the source is cut short in lists');
  for (const { id, column, listed } of cut.slice(0, MOST_VALUES)) {
    const value = await read(subject.ref, id, column);
    const isWhole =
      'unfit' in value ? value.unfit !== '' : (value.text ?? '').length >= listed.length;
    expectThat(isWhole, `all of ${column.name} of ${id}`, 'less than the list gave');
  }
}

async function editedSince(subject: Subject): Promise<void> {
  const { stage, platform, ref, connect } = subject;
  const session = connect();
  const ask = methodOf(session, 'editedSince', 'every record tells its time of edit');
  await stage.advanceClock?.(HOUR_MS);
  const { server_time } = await session.describe(ref);
  const changed = (await change(subject, 'edit')).map(({ id }) => id);
  const { records } = await readWhole(subject);
  const others = records.map(({ id }) => id).filter((id) => !changed.includes(id));
  const asked = [...changed, ...others].slice(0, platform.located_at_once);
  const at = (ms: number) => new Date(Date.parse(server_time) + ms).toISOString();
  const edited = await ask(ref, asked, at(-platform.overlap_ms));
  expectThat(
    changed.every((id) => edited.has(id)),
    'the record that was edited',
    `${edited.size} others`,
  );
  expectThat(
    [...edited].every((id) => asked.includes(id)),
    'ids that were asked about',
    'others',
  );
  const later = await ask(ref, asked, at(DAY_MS));
  expectThat(later.size === 0, 'no record edited after tomorrow', `${later.size}`);
}

async function listFrom(subject: Subject): Promise<void> {
  const session = subject.connect();
  const begin = methodOf(session, 'listFrom', 'the platform draws no samples');
  const scan = await prepareScan(subject, { max_records: 3 });
  const { records } = await readAll(scan);
  const times = records.flatMap(({ created_at }) => created_at ?? []).toSorted();
  const created = need(times[Math.floor(times.length / 2)], 'records tell no time of creation');
  const wanted = records.filter(
    ({ created_at }) => created_at !== null && Date.parse(created_at) >= Date.parse(created),
  );
  const window = begin(created);
  const sample = await readOn(scan, { windows: [window], free_window: window.window + 1 });
  expectSameContent(wanted, sample.records, `listFrom to give what was created since ${created}`);
}

async function readContent(subject: Subject): Promise<void> {
  const { platform, ref, connect } = subject;
  const session = connect();
  const formats = platform.contentFormats?.(ref) ?? [];
  if (formats.length === 0) throw new Skipped('the platform offers no content of records');
  const read = session.readContent?.bind(session);
  expectThat(read !== undefined, 'readContent where there are contentFormats', 'none');
  const { records } = await readWhole(subject);
  for (const { id } of records.slice(0, MOST_CONTENTS)) {
    const { text, note, read_at } = await read(ref, id);
    expectThat(typeof text === 'string', `the content of ${id} as text`, typeof text);
    expectThat(note === null || note !== '', 'a note that says something, or null', '""');
    expectThat(isTime(read_at), 'the time of reading as ISO 8601', `${read_at}`);
    const again = await read(ref, id);
    expectThat(again.text === text, `the same content of ${id} again`, 'another');
  }
}
