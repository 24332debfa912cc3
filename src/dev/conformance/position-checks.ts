import type { ScanMode } from '../../contract/scan.ts';
import type { ConvertedRecord } from '../../contract/schema.ts';
import { SyncFailure } from '../../errors.ts';
import type { Check } from './check.ts';
import { expectSameContent, expectSameRecords, withoutIds } from './compare-records.ts';
import { nameOf } from './observed-requests.ts';
import { Skipped, expectThat, methodOf, need } from './outcome.ts';
import { beginning, prepareScan, readBatch, readInParts, readOn, readWhole } from './reading.ts';
import { isIncremental, type Subject } from './subject.ts';

/** JSON of one window: it is kept in workflow history with every batch. */
const LARGEST_WINDOW = 2_048;
const LONG_AGO = '1970-01-01T00:00:00.000Z';

export const POSITION_CHECKS: readonly Check[] = [
  {
    name: 'a full scan goes on from every position',
    examine: (subject) => resume(subject, 'full'),
  },
  {
    name: 'an incremental scan goes on from every position',
    examine: (subject) => resume(subject, 'incremental'),
  },
  { name: 'a batch that is asked for twice is the same', examine: repeat },
  { name: 'a batch whose time is up is gone on with', examine: timeUp },
  { name: 'a batch that was cancelled can be read again', examine: cancelled },
  { name: 'positions are small, plain JSON and hold no token', examine: smallPositions },
  { name: 'lost cursors lose no record', examine: lostCursors },
];

async function resume(subject: Subject, mode: ScanMode): Promise<void> {
  if (mode === 'incremental' && !isIncremental(subject)) {
    throw new Skipped('every scan of the source is a full one');
  }
  const since = mode === 'full' ? null : LONG_AGO;
  const { scan, reading } = await readInParts(subject, { mode, since });
  const read = new Set<string>();
  for (const [index, { batch, to }] of reading.steps.entries()) {
    for (const { id } of batch.records) read.add(id);
    const rest = await readOn(scan, to);
    expectSameRecords(
      withoutIds(reading.records, read),
      rest.records,
      `from the position after batch ${index + 1} on, exactly the records that were not read before it`,
    );
  }
}

async function repeat(subject: Subject): Promise<void> {
  const { scan, reading } = await readInParts(subject);
  for (const [index, { from, batch }] of reading.steps.entries()) {
    const again = await readBatch(scan, from);
    const what = `batch ${index + 1}, asked for again,`;
    expectSameRecords(batch.records, again.batch.records, `${what} to be what it was`);
    const rest = await readOn(scan, again.to);
    expectSameRecords(
      reading.steps.slice(index + 1).flatMap((step) => step.batch.records),
      rest.records,
      `${what} to be followed by what followed it`,
    );
  }
}

/** Every other batch has no time at all. */
async function timeUp(subject: Subject): Promise<void> {
  const whole = await readWhole(subject);
  const scan = await prepareScan(subject, { max_records: 2 });
  const records: ConvertedRecord[] = [];
  let at = beginning(scan);
  for (let n = 0; at.windows.length > 0 && n < whole.records.length * 2 + 20; n += 1) {
    const { batch, to } = await readBatch({ ...scan, isTimeUp: () => n % 2 === 0 }, at);
    records.push(...batch.records);
    at = to;
  }
  expectThat(at.windows.length === 0, 'a scan in short slices of time to end', 'no end');
  expectSameRecords(whole.records, records, 'short slices of time to give each record once');
}

async function cancelled(subject: Subject): Promise<void> {
  const { scan, reading } = await readInParts(subject);
  const [first, ...later] = reading.steps;
  const { to: from } = need(first, 'the source has no batch');
  const controller = new AbortController();
  const cancel = () => controller.abort(new Error('the check cancels'));
  const connect = () => subject.connect({ signal: controller.signal, onSent: cancel });
  const ended = await readBatch({ ...scan, connect }, from).catch(() => null);
  if (!controller.signal.aborted) {
    throw new Skipped('a batch is read without a request that could be cancelled');
  }
  const rest = await readOn(scan, ended?.to ?? from);
  expectSameRecords(
    later.flatMap(({ batch }) => batch.records),
    [...(ended?.batch.records ?? []), ...rest.records],
    'a cancelled batch to be read again as if nothing had been',
  );
}

async function smallPositions(subject: Subject): Promise<void> {
  const { reading } = await readInParts(subject);
  const { token } = subject.stage;
  for (const window of reading.steps.flatMap(({ batch }) => batch.windows)) {
    const text = JSON.stringify(window);
    expectThat(
      text.length < LARGEST_WINDOW,
      `windows of less than ${LARGEST_WINDOW} characters of JSON`,
      `${text.length}`,
    );
    expectThat(token === '' || !text.includes(token), 'no token in a window', 'the token');
    // What JSON drops or changes is not there any more after a crash.
    expectThat(
      Object.values(window).every(isPlain),
      'windows of texts, whole numbers, booleans and null',
      text,
    );
  }
}

const isPlain = (value: unknown): boolean =>
  value === null ||
  typeof value === 'string' ||
  typeof value === 'boolean' ||
  Number.isSafeInteger(value);

async function lostCursors(subject: Subject): Promise<void> {
  const { stage } = subject;
  const lose = methodOf(stage, 'loseCursors', 'the stage cannot loseCursors()');
  const { scan, reading } = await readInParts(subject);
  const [first] = reading.steps;
  const { from } = need(first, 'the source has no batch');
  const { batch, to } = await readBatch(scan, from);
  await lose();
  const rest = await readOn(scan, to).catch((thrown: unknown) => {
    expectThat(
      thrown instanceof SyncFailure && thrown.type === 'CursorLost',
      'a lost cursor to be gone on from, or CursorLost',
      `threw ${nameOf(thrown)}`,
    );
    return null;
  });
  if (rest === null) return;
  expectSameContent(
    reading.records,
    [...batch.records, ...rest.records],
    'a scan that goes on from a lost cursor to give every record',
  );
}
