import { addEvidence, NO_EVIDENCE, type ScanMode } from '../../../src/contract/scan.ts';
import type { Column } from '../../../src/contract/schema.ts';
import { airtable } from '../../../src/platforms/airtable/airtable.ts';
import type { Connection, RateRule, Requests, SourceRef } from '../../../src/platforms/platform.ts';
import type { FetchedBatch, PlatformSession } from '../../../src/platforms/session.ts';
import { AIRTABLE_TOKEN, type Simulator } from '../../../src/sim/simulator.ts';

/** A budget without limits that gives every request so long, or until `cancel`. */
export function unlimited(timeoutMs = 10_000, cancel?: AbortSignal) {
  const sent: (readonly RateRule[])[] = [];
  const requests: Requests = {
    send: (rules, request) => {
      sent.push(rules);
      const timeout = AbortSignal.timeout(timeoutMs);
      return request(cancel ? AbortSignal.any([timeout, cancel]) : timeout);
    },
  };
  return { requests, sent };
}

export function connect(
  base_url: string,
  requests: Requests = unlimited().requests,
  more: Partial<Connection> = {},
): PlatformSession {
  const connection: Connection = {
    account: 'acme',
    token: AIRTABLE_TOKEN,
    fingerprint: 'f1',
    base_url,
    plan: null,
    rate: null,
    pool_size: 10,
    ...more,
  };
  return airtable.connect(connection, requests);
}

/** Where a table of the simulated world lives. */
export function refOf(simulator: Simulator, title: string): SourceRef {
  const [base = '', table = ''] = simulator.world.source(title).externalId.split('/');
  return { base, table };
}

export async function columnsOf(session: PlatformSession, ref: SourceRef): Promise<Column[]> {
  const { fields } = await session.describe(ref);
  return fields.map((field, index) => ({ ...field, column: `column_${index}` }));
}

export interface ScanOptions {
  readonly mode?: ScanMode;
  readonly since?: string;
  readonly maxRecords?: number;
  readonly columns?: readonly Column[];
  readonly isTimeUp?: () => boolean;
  /** Called, and waited for, after every batch. */
  readonly onBatch?: (batch: FetchedBatch) => unknown;
}

/** Reads a table to its end, as a workflow does. */
export async function scan(session: PlatformSession, ref: SourceRef, options: ScanOptions = {}) {
  const request = { ref, mode: options.mode ?? 'full', since: options.since ?? null };
  const batches: FetchedBatch[] = [];
  let evidence = NO_EVIDENCE;
  let [window] = session.planScan(request);
  while (window !== undefined && !window.done) {
    const batch = await session.fetchBatch({
      ...request,
      window,
      free_window: 1,
      columns: options.columns ?? [],
      max_records: options.maxRecords ?? 100,
      isTimeUp: options.isTimeUp ?? (() => false),
    });
    batches.push(batch);
    evidence = addEvidence(evidence, batch.evidence);
    [window] = batch.windows;
    await options.onBatch?.(batch);
    if (batches.length > 500) throw new Error('the scan does not end');
  }
  const records = batches.flatMap((batch) => batch.records);
  return { batches, evidence, records, ids: records.map((record) => record.id), window };
}
