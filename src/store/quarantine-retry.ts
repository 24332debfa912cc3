import type { Column, ConvertedRecord } from '../contract/schema.ts';
import { inTransaction, type Database, type Transaction } from './database.ts';
import { mergeRecords } from './merge-records.ts';
import { readColumns, readSource, type SourceRow } from './sources.ts';

/** Entries per transaction: the source is kept from everybody else for as long as one takes. */
const SLICE = 500;

export interface RetryRequest {
  readonly source_id: number;
  /** Named in `_run_id` of the rows that are written. */
  readonly run_id: string;
  /** Version of the program. */
  readonly software: string;
  /** The platform's conversion of JSON text, for columns as they are now. */
  readonly converter: (columns: readonly Column[]) => (raw: string) => RetryConversion;
}

export type RetryConversion =
  | { readonly kind: 'converted'; readonly record: ConvertedRecord }
  | { readonly kind: 'rejected'; readonly reason: string };

export type RetryOutcome =
  | { readonly kind: 'retried'; readonly written: number; readonly remaining: number }
  /** A run is syncing the source: nothing was changed, or no more than what is counted. */
  | { readonly kind: 'held'; readonly run_id: string; readonly written: number };

interface StoredEntry {
  readonly entry: string;
  readonly record_id: string | null;
  readonly raw: string;
}

/**
 * Converts and merges what waits in a source's quarantine, in slices of one transaction each. Entries that
 * succeed leave in the transaction that writes them; the others get the reason of now. Dying in the middle
 * leaves whole slices; running twice at once works on one slice after the other.
 */
export async function retryQuarantined(db: Database, request: RetryRequest): Promise<RetryOutcome> {
  let written = 0;
  let remaining = 0;
  for (let after: string | null = ''; after !== null;) {
    const from: string = after;
    const slice = await inTransaction(db, (tx) => retrySlice(tx, request, from));
    if (slice.kind === 'held') return { ...slice, written };
    written += slice.written;
    remaining += slice.remaining;
    after = slice.last;
  }
  return { kind: 'retried', written, remaining };
}

type SliceOutcome =
  | { readonly kind: 'held'; readonly run_id: string }
  | {
      readonly kind: 'done';
      readonly written: number;
      readonly remaining: number;
      /** Where the next slice begins; null when there is none. */
      readonly last: string | null;
    };

async function retrySlice(
  tx: Transaction,
  request: RetryRequest,
  after: string,
): Promise<SliceOutcome> {
  const holder = await takeFreeFence(tx, request.source_id);
  if (holder !== null) return { kind: 'held', run_id: holder };
  const { rows: entries } = await tx.query<StoredEntry>(
    `select entry, record_id, raw from appsync.quarantine
      where source_id = $1 and dropped_at is null and entry > $2 order by entry limit $3`,
    [request.source_id, after, SLICE],
  );
  const failed = entries.length === 0 ? 0 : await retryEntries(tx, request, entries);
  const last = entries.length < SLICE ? null : (entries.at(-1)?.entry ?? null);
  return { kind: 'done', written: entries.length - failed, remaining: failed, last };
}

/**
 * Raises the fence of a source that nobody syncs, and holds it until commit: an openSource that comes now
 * waits for the end of this transaction, and a zombie of an earlier run is shut out. Gives the run that
 * holds the source instead, when one does.
 */
async function takeFreeFence(tx: Transaction, sourceId: number): Promise<string | null> {
  const { rows } = await tx.query<{ holder: string | null }>(
    'select holder_run_id as holder from appsync.source where id = $1 for no key update',
    [sourceId],
  );
  const holder = rows[0]?.holder ?? null;
  if (holder === null)
    await tx.query('update appsync.source set fence = fence + 1 where id = $1', [sourceId]);
  return holder;
}

/** Returns how many entries stay. */
async function retryEntries(
  tx: Transaction,
  request: RetryRequest,
  entries: readonly StoredEntry[],
): Promise<number> {
  const source = await readSource(tx, request.source_id);
  const columns = await readColumns(tx, request.source_id);
  const convert = request.converter(columns);
  const records: ConvertedRecord[] = [];
  const failures: Failure[] = [];
  for (const { entry, record_id, raw } of entries) {
    const conversion = convert(raw);
    if (conversion.kind === 'rejected') {
      failures.push({ entry, stage: 'convert', reason: conversion.reason, sqlstate: null });
    } else if (conversion.record.id === record_id) records.push(conversion.record);
    else failures.push({ entry, stage: 'convert', reason: NOT_ITS_ID, sqlstate: null });
  }
  failures.push(...(await writeRecords(tx, request, source, columns, records)));
  await recordFailures(tx, request, failures);
  return failures.length;
}

const NOT_ITS_ID = 'its id is read in another way than before: only a sync can write it';

interface Failure {
  readonly entry: string;
  readonly stage: 'convert' | 'write';
  readonly reason: string;
  readonly sqlstate: string | null;
}

async function writeRecords(
  tx: Transaction,
  { run_id }: RetryRequest,
  source: SourceRow,
  columns: readonly Column[],
  records: readonly ConvertedRecord[],
): Promise<readonly Failure[]> {
  if (records.length === 0) return [];
  const { refused } = await mergeRecords(tx, source, columns, records, {
    run_id,
    quarantine: null,
  });
  return refused.map(({ record_id, reason, sqlstate }) => ({
    entry: `id:${record_id}`,
    stage: 'write',
    reason,
    sqlstate,
  }));
}

/** When a scan met the record last stays as it is: it tells whether the record still exists. */
async function recordFailures(
  tx: Transaction,
  { source_id, software }: RetryRequest,
  failures: readonly Failure[],
): Promise<void> {
  if (failures.length === 0) return;
  await tx.query(
    `update appsync.quarantine q
        set stage = f.stage, reason = f.reason, sqlstate = f.sqlstate, software = $2,
            attempts = q.attempts + 1
       from unnest($3::text[], $4::text[], $5::text[], $6::text[]) as f(entry, stage, reason, sqlstate)
      where q.source_id = $1 and q.entry = f.entry`,
    [
      source_id,
      software,
      failures.map(({ entry }) => entry),
      failures.map(({ stage }) => stage),
      failures.map(({ reason }) => reason),
      failures.map(({ sqlstate }) => sqlstate),
    ],
  );
}
