import type { Column } from '../../../src/contract/schema.ts';
import type { ScanMode, ScanWindow } from '../../../src/contract/scan.ts';
import { addEvidence, NO_EVIDENCE } from '../../../src/contract/scan.ts';
import { notion } from '../../../src/platforms/notion/notion.ts';
import type { Connection, RateRule, Requests, SourceRef } from '../../../src/platforms/platform.ts';
import type { FetchedBatch, PlatformSession } from '../../../src/platforms/session.ts';

/** A budget without limits that gives every request so long, or until `cancel`. */
export function unlimited(ms = 10_000, cancel?: AbortSignal) {
  const sent: RateRule[] = [];
  const requests: Requests = {
    send: (rules, request) => {
      sent.push(...rules);
      const timeout = AbortSignal.timeout(ms);
      return request(cancel ? AbortSignal.any([timeout, cancel]) : timeout);
    },
  };
  return { requests, sent };
}

export function connectionTo(
  baseUrl: string,
  token = 'ntn_secret',
  rate: number | null = null,
): Connection {
  return {
    account: 'notion',
    token,
    fingerprint: `fingerprint of ${token}`,
    base_url: baseUrl,
    plan: null,
    rate,
    pool_size: 2,
  };
}

export function connect(
  baseUrl: string,
  token?: string,
  requests = unlimited().requests,
  rate: number | null = null,
) {
  return notion.connect(connectionTo(baseUrl, token, rate), requests);
}

export interface ScanOptions {
  readonly mode?: ScanMode;
  readonly since?: string;
  readonly maxRecords?: number;
  readonly columns?: readonly Column[];
  /** Called after every batch. */
  readonly onBatch?: (batch: FetchedBatch) => void;
}

/** Reads a source to its end, window after window, as a workflow does. */
export async function scan(session: PlatformSession, ref: SourceRef, options: ScanOptions = {}) {
  const request = { ref, mode: options.mode ?? 'full', since: options.since ?? null };
  const open = [...session.planScan(request)];
  const done: ScanWindow[] = [];
  const batches: FetchedBatch[] = [];
  let evidence = NO_EVIDENCE;
  let free = open.length;
  for (let window = open.shift(); window !== undefined; window = open.shift()) {
    const batch = await session.fetchBatch({
      ...request,
      window,
      free_window: free,
      columns: options.columns ?? [],
      max_records: options.maxRecords ?? 100,
      isTimeUp: () => false,
    });
    batches.push(batch);
    evidence = addEvidence(evidence, batch.evidence);
    for (const next of batch.windows) {
      (next.done ? done : open).push(next);
      free = Math.max(free, next.window + 1);
    }
    options.onBatch?.(batch);
    if (batches.length > 500) throw new Error('the scan does not end');
  }
  const ids = new Set(batches.flatMap((batch) => batch.records.map((record) => record.id)));
  return { batches, evidence, done, ids };
}
