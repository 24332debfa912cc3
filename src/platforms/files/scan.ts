import { join } from 'node:path';
import { NO_EVIDENCE, UNIDENTIFIED, type ScanWindow } from '../../contract/scan.ts';
import type { ConvertedRecord, RejectedRecord } from '../../contract/schema.ts';
import { SyncFailure } from '../../errors.ts';
import { convertOrReject } from '../convert-or-reject.ts';
import type { BatchRequest, FetchedBatch } from '../session.ts';
import { recordHash } from '../values/record-hash.ts';
import { createConverter, type FileRecord } from './convert.ts';
import { findLocal } from './local-files.ts';
import { readOccurrences } from './occurrences.ts';
import { checkVersion, prepare, type Ready, type Surroundings } from './prepare.ts';
import { distinguish, identify } from './row-identity.ts';
import { readRows, type Row } from './rows.ts';
import { fileRef, type FileRef } from './source-ref.ts';
import { OCCURRENCES, parserOf, withFile, type SurveyedFile } from './survey.ts';

/** A batch ends at so much text, so that it fits into memory and a request whatever its rows are like. */
const BATCH_BYTES = 4 * 1_048_576;

/** Where a scan stands: the next line of which file, and how many rows came before it. */
interface Position {
  readonly file: number;
  readonly byte: number;
  readonly line: number;
  readonly row: number;
}

/**
 * Reads on from the window's position. The window's lower bound is the version that the position is one in: when the
 * source has another one before or after the batch, the scan is lost and begins anew.
 */
export async function fetchBatch(
  surroundings: Surroundings,
  request: BatchRequest,
): Promise<FetchedBatch> {
  const { window, ref } = request;
  const parsed = fileRef(ref);
  const ready = await prepare(surroundings, ref, window.lower ?? request.version);
  const { records, rejected, at } = await readBatch(parsed, ready, request);
  if (parsed.place.kind === 'local') {
    const { path } = parsed.place;
    checkVersion((await findLocal(path)).version, ready.version, path);
  }
  const { files } = ready.survey;
  const done = at.file >= files.length;
  const cursor = done ? null : [at.file, at.byte, at.line, at.row].join(':');
  const next_batch = window.next_batch + 1;
  return {
    records,
    rejected,
    windows: [{ ...window, lower: ready.version, cursor, rows: at.row, next_batch, done }],
    evidence: {
      ...NO_EVIDENCE,
      pages: 1,
      first: records.at(0)?.id ?? null,
      last: records.at(-1)?.id ?? null,
      server_time: ready.server_time,
      gaps: rejected.some(({ id }) => id === null) ? [UNIDENTIFIED] : [],
    },
  };
}

function positionOf({ cursor }: ScanWindow, files: readonly SurveyedFile[]): Position {
  if (cursor === null) return beginningOf(files, 0, 0);
  const [file = 0, byte = 0, line = 1, row = 0] = cursor.split(':').map(Number);
  return { file, byte, line, row };
}

const beginningOf = (files: readonly SurveyedFile[], file: number, row: number): Position => ({
  file,
  row,
  ...(files[file]?.begin ?? { byte: 0, line: 1 }),
});

async function readBatch(ref: FileRef, ready: Ready, request: BatchRequest) {
  const { files } = ready.survey;
  const convert = createConverter(request.columns, request.ref);
  const records: ConvertedRecord[] = [];
  const rejected: RejectedRecord[] = [];
  let at = positionOf(request.window, files);
  let bytes = 0;
  do {
    const file = files[at.file];
    if (file === undefined) break;
    const most = request.max_records - records.length - rejected.length;
    const { rows, next, isEnd } = await readOwn(ref, ready, file, at, most);
    for (const record of await recordsOf(ref, ready, file, rows, at.row)) {
      const { kind, record: made } = convertOrReject(convert, recordHash, record);
      if (kind === 'converted') records.push(made);
      else rejected.push(made);
    }
    bytes += rows.reduce((sum, row) => sum + row.bytes, 0);
    const row = at.row + rows.length;
    at = isEnd ? beginningOf(files, at.file + 1, row) : { file: at.file, ...next, row };
  } while (
    records.length + rejected.length < request.max_records &&
    bytes < BATCH_BYTES &&
    !request.isTimeUp()
  );
  return { records, rejected, at };
}

/** What was made of a source may be removed meanwhile, and is made again by the next attempt. */
async function readOwn(
  ref: FileRef,
  { folder }: Ready,
  file: SurveyedFile,
  at: Position,
  most: number,
) {
  try {
    return await withFile(file.path, (handle) => readRows(handle, parserOf(ref, file), at, most));
  } catch (thrown) {
    const isCopy = file.path.startsWith(folder);
    if (!isCopy || !(thrown instanceof SyncFailure && thrown.type === 'NotFound')) throw thrown;
    throw new SyncFailure('Unavailable', 'the copy that is read was removed', { cause: thrown });
  }
}

async function recordsOf(
  ref: FileRef,
  { folder, survey }: Ready,
  { name }: SurveyedFile,
  rows: readonly Row[],
  first: number,
): Promise<readonly FileRecord[]> {
  const earlier =
    survey.repeated === 0
      ? null
      : await readOccurrences(join(folder, OCCURRENCES), first, rows.length);
  return rows.map((row, i) =>
    distinguish(identify(row, ref.key, name), ref.key, earlier?.[i] ?? 0),
  );
}
