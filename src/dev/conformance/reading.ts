import type { ScanWindow } from '../../contract/scan.ts';
import type { Column, ConvertedRecord, RejectedRecord } from '../../contract/schema.ts';
import type { SourceRef } from '../../platforms/platform.ts';
import type { FetchedBatch, PlatformSession, ScanRequest } from '../../platforms/session.ts';
import { Nonconformance, Skipped } from './outcome.ts';
import { readColumns, type Subject } from './subject.ts';

/** More records than a stage has. */
export const WHOLE = 1_000;
const MOST_BATCHES = 5_000;

/** How a source is read. */
export interface Scan extends ScanRequest {
  readonly columns: readonly Column[];
  readonly max_records: number;
  readonly isTimeUp: () => boolean;
  /** Asked for each batch: as a rule a new session. */
  readonly connect: () => PlatformSession;
}

/** Where a scan stands: all that is kept between two batches. */
export interface Position {
  /** Those that are not done, by number. */
  readonly windows: readonly ScanWindow[];
  readonly free_window: number;
}

/** One batch, and where the scan stood before and after it. */
export interface Step {
  readonly from: Position;
  readonly batch: FetchedBatch;
  readonly to: Position;
}

export interface Reading {
  readonly steps: readonly Step[];
  readonly records: readonly ConvertedRecord[];
  readonly rejected: readonly RejectedRecord[];
  readonly gaps: readonly string[];
}

/** A full scan of the stage's source, or whatever `asked` says instead. */
export async function prepareScan(
  subject: Subject,
  asked: Partial<Omit<Scan, 'connect' | 'columns'>> & { readonly connect?: Scan['connect'] } = {},
): Promise<Scan> {
  const { connect = () => subject.connect(), ref = subject.ref } = asked;
  const session = subject.connect();
  const version = await versionOf(session, ref);
  return {
    mode: 'full',
    since: null,
    max_records: WHOLE,
    isTimeUp: () => false,
    ...(version === null ? {} : { version }),
    ...asked,
    ref,
    connect,
    columns: await readColumns(session, ref),
  };
}

const versionOf = async (session: PlatformSession, ref: SourceRef): Promise<string | null> =>
  (await session.readVersion?.(ref))?.version ?? null;

export function beginning(scan: Scan): Position {
  const { ref, mode, since, version } = scan;
  const windows = scan.connect().planScan({ ref, mode, since, version });
  if (windows.length === 0) throw new Nonconformance('planScan to give a window', 'none');
  return after({ windows: [], free_window: 0 }, windows);
}

/** One batch of the first window, as the workflow of a source has it read. */
export async function readBatch(scan: Scan, from: Position): Promise<Step> {
  const [window] = from.windows;
  if (window === undefined) throw new Error('the scan is at its end');
  const { connect, ...request } = scan;
  const batch = await connect().fetchBatch({ ...request, window, free_window: from.free_window });
  const [first, ...opened] = batch.windows.map(({ window: number }) => number);
  if (first !== window.window || opened.some((number) => number < from.free_window)) {
    throw new Nonconformance(
      `the windows of a batch of window ${window.window} to be that one first, then new ones from ${from.free_window} on`,
      `windows ${batch.windows.map(({ window: number }) => number).join(', ') || 'none'}`,
    );
  }
  return { from, batch, to: after(from, batch.windows) };
}

/** Reads to the end. */
export async function readOn(scan: Scan, from: Position): Promise<Reading> {
  const steps: Step[] = [];
  for (let at = from; at.windows.length > 0;) {
    const step = await readBatch(scan, at);
    steps.push(step);
    at = step.to;
    if (steps.length > MOST_BATCHES) {
      throw new Nonconformance('a scan to end', `${MOST_BATCHES} batches and no end`);
    }
  }
  return {
    steps,
    records: steps.flatMap(({ batch }) => batch.records),
    rejected: steps.flatMap(({ batch }) => batch.rejected),
    gaps: steps.flatMap(({ batch }) => batch.evidence.gaps),
  };
}

export const readAll = (scan: Scan): Promise<Reading> => readOn(scan, beginning(scan));

/** The stage's source, whole and in large batches: what other readings are compared with. */
export const readWhole = async (subject: Subject, ref?: SourceRef): Promise<Reading> =>
  readAll(await prepareScan(subject, ref === undefined ? {} : { ref }));

/** Incremental: what was edited since. */
export const readSince = async (subject: Subject, since: string): Promise<Reading> =>
  readAll(await prepareScan(subject, { mode: 'incremental', since }));

/** A scan in several batches, about eight; skipped for a source that comes in one whatever is asked. */
export async function readInParts(
  subject: Subject,
  asked: Parameters<typeof prepareScan>[1] = {},
): Promise<{ readonly scan: Scan; readonly reading: Reading }> {
  const { records } = await readAll(await prepareScan(subject, asked));
  for (const parts of [8, records.length]) {
    const max_records = Math.max(1, Math.ceil(records.length / Math.max(1, parts)));
    const scan = await prepareScan(subject, { ...asked, max_records });
    const reading = await readAll(scan);
    if (reading.steps.length > 1) return { scan, reading };
  }
  throw new Skipped(`the source's ${records.length} records come in one batch of any size`);
}

/** Positions travel as JSON, through Postgres and workflow history. */
function after(position: Position, windows: readonly ScanWindow[]): Position {
  const stored = JSON.parse(JSON.stringify(windows)) as readonly ScanWindow[];
  const numbers = new Set(stored.map(({ window }) => window));
  const others = position.windows.filter(({ window }) => !numbers.has(window));
  return {
    windows: [...stored, ...others]
      .filter(({ done }) => !done)
      .toSorted((a, b) => a.window - b.window),
    free_window: Math.max(position.free_window, ...stored.map(({ window }) => window + 1)),
  };
}
