import type { OpenSourceRef, ReadContents, ReadContentsInput } from '../contract/activities.ts';
import type { FailureType } from '../contract/failures.ts';
import { isAboutOneRecord, SyncFailure } from '../errors.ts';
import type { RecordContent } from '../platforms/session.ts';
import type { Transaction } from '../store/database.ts';
import { refusalOf } from '../store/refusal.ts';
import { addToSourceRun } from '../store/source-runs.ts';
import { holdFence, readSource, type SourceRow } from '../store/sources.ts';
import {
  countUnread,
  findReadContent,
  forgetUnread,
  postponeUnread,
  readUnread,
  settleContent,
  type ContentReading,
  type UnreadContent,
} from '../store/unread-content.ts';
import { connectSource } from './connect-account.ts';
import type { Dependencies } from './dependencies.ts';
import { inActivityTransaction, withHeartbeat, type Meter } from './running.ts';

/** Contents per activity at most: at Notion's 10 requests a second the time slice, with a little room. */
const SLICE = 400;
const TIME_SLICE_MS = 30_000;
/** Requests at once: an answer takes up to a second, and 10 a second may be allowed. Budget and pool limit them. */
const LANES = 5;
/** So many refusals without one content read are not the fault of the records. */
const TOO_MANY_REFUSED = 20;
/** So many failures that may pass, and the platform gets a pause. */
const TOO_MANY_FAILED = 3;

/** Failures that another attempt may cure: the record goes to the end of the queue. */
const PASSING: readonly FailureType[] = ['Unavailable', 'InvalidAnswer'];

/** What one activity does, as far as its lanes have to know of each other. */
interface Slice {
  readonly deps: Dependencies;
  readonly opened: OpenSourceRef;
  readonly source: SourceRow;
  readonly ask: (recordId: string) => Promise<RecordContent>;
  readonly meter: Meter;
  readonly queue: UnreadContent[];
  readonly endsAt: number;
  /** Contents that were read, and records that are out of the queue for that or another reason. */
  read: number;
  settled: number;
  readonly refused: { readonly page: UnreadContent; readonly failure: SyncFailure }[];
  readonly failed: SyncFailure[];
  broken: boolean;
}

/**
 * Reads a slice of the contents that are queued, each committed by itself under the fence. What is left is
 * in Postgres, so any attempt goes on where the last one committed. A late attempt's reading counts only
 * when the record still has the ticket it was read for: an older text never replaces a newer one.
 */
export function readContents(deps: Dependencies, input: ReadContentsInput): Promise<ReadContents> {
  return withHeartbeat(async (meter) => {
    const { source: opened } = input;
    const source = await readSource(deps.db, opened.source_id);
    if (source.content !== null) await readSlice(deps, opened, source, meter);
    const metrics = meter.total();
    await inActivityTransaction(deps.db, async (tx) => {
      await holdFence(tx, opened);
      await addToSourceRun(tx, opened, metrics);
    });
    return { metrics, remaining: await countUnread(deps.db, source.id) };
  });
}

async function readSlice(
  deps: Dependencies,
  opened: OpenSourceRef,
  source: SourceRow,
  meter: Meter,
): Promise<void> {
  const { session, ref } = await connectSource(deps, source, opened, meter);
  const slice: Slice = {
    deps,
    opened,
    source,
    ask: (recordId) => {
      if (session.readContent !== undefined) return session.readContent(ref, recordId);
      throw new SyncFailure('Misconfigured', `${source.platform} gives no content of records`, {
        hint: `take content: out of source ${source.alias} in the catalog`,
      });
    },
    meter,
    queue: [...(await readUnread(deps.db, source, SLICE))],
    endsAt: performance.now() + TIME_SLICE_MS,
    read: 0,
    settled: 0,
    refused: [],
    failed: [],
    broken: false,
  };
  const lanes = Array.from({ length: LANES }, () => runLane(slice));
  const broken = (await Promise.allSettled(lanes)).find((lane) => lane.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
  await settleRefused(slice);
  const [failure] = slice.failed;
  // With something settled the next activity tries again, with all attempts before it.
  if (failure !== undefined && slice.settled === 0) throw failure;
}

/** At least one content, whatever the time: a slice that does nothing would come again for ever. */
async function runLane(slice: Slice): Promise<void> {
  try {
    for (let page = slice.queue.shift(); page !== undefined; page = slice.queue.shift()) {
      await readOne(slice, page);
      if (isOver(slice)) return;
    }
  } catch (error) {
    slice.broken = true;
    throw error;
  }
}

const isOver = (slice: Slice) =>
  slice.broken ||
  performance.now() > slice.endsAt ||
  slice.failed.length >= TOO_MANY_FAILED ||
  isRefusedAltogether(slice);

const isRefusedAltogether = ({ read, refused }: Slice) =>
  read === 0 && refused.length >= TOO_MANY_REFUSED;

/** Reads one content and writes it, or puts the record where its failure belongs. */
async function readOne(slice: Slice, page: UnreadContent): Promise<void> {
  if (!page.live) {
    await write(slice, (tx) => forgetUnread(tx, slice.source, page));
    slice.settled += 1;
    return;
  }
  try {
    const content = await slice.ask(page.record_id);
    await settle(slice, { kind: 'read', ...page, ...content });
    slice.read += 1;
    slice.meter.count({ contents: 1 });
  } catch (error) {
    if (!(error instanceof SyncFailure)) throw error;
    if (isAboutOneRecord(error)) slice.refused.push({ page, failure: error });
    else if (PASSING.includes(error.type)) {
      await write(slice, (tx) => postponeUnread(tx, slice.source, page));
      slice.failed.push(error);
    } else throw error;
  }
}

/** One transaction under the fence. */
const write = ({ deps, opened }: Slice, work: (tx: Transaction) => Promise<void>) =>
  inActivityTransaction(deps.db, async (tx) => {
    await holdFence(tx, opened);
    await work(tx);
  });

/** A content that Postgres refuses is noted, and what an earlier reading wrote stays. */
async function settle(slice: Slice, reading: ContentReading): Promise<void> {
  const { source, opened } = slice;
  const settleAs = (what: ContentReading) =>
    write(slice, (tx) => settleContent(tx, source, { ...what, run_id: opened.run_id }));
  await settleAs(reading).catch((error: unknown) => {
    const refusal = refusalOf(error);
    if (refusal === null || reading.kind === 'refused') throw error;
    const { record_id, ticket } = reading;
    return settleAs({ kind: 'refused', record_id, ticket, note: `not written: ${refusal.reason}` });
  });
  slice.settled += 1;
}

/**
 * Notes under `_errors` what was refused. Not one read and many refused may be another matter: a capability that
 * the token lost, an endpoint that is gone. A content that was read before tells: is it refused as well, nothing
 * is noted, and the source fails with the reason.
 */
async function settleRefused(slice: Slice): Promise<void> {
  const { opened, refused } = slice;
  const [first] = refused;
  if (first !== undefined && isRefusedAltogether(slice) && !(await canReadAny(slice))) {
    const { type, message, hint } = first.failure;
    throw new SyncFailure(type, `no content of ${opened.alias} can be read: ${message}`, { hint });
  }
  for (const { page, failure } of refused) {
    await settle(slice, { kind: 'refused', ...page, note: `not read: ${failure.message}` });
  }
}

/** Whether a record whose content was read before, if there is one, still gives it. */
async function canReadAny({ deps, source, refused, ask }: Slice): Promise<boolean> {
  const others = refused.map(({ page }) => page.record_id);
  const witness = await findReadContent(deps.db, source, others);
  if (witness === null) return false;
  try {
    await ask(witness);
    return true;
  } catch (error) {
    if (isAboutOneRecord(error)) return false;
    throw error;
  }
}
