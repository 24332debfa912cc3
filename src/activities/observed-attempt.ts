import { AsyncLocalStorage } from 'node:async_hooks';
import { ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import type { ScanMode } from '../contract/scan.ts';
import { addMetrics, syncMetrics, type SyncMetrics } from '../contract/metrics.ts';
import type { AttemptLabels, EndedAttempt, SyncObserver } from '../observe/sync-counters.ts';

interface Attempt {
  labels: AttemptLabels;
  metrics: SyncMetrics;
  readonly failures: string[];
}

// Beside the arguments, so that an activity need not hand on what is of no concern to it.
const attempts = new AsyncLocalStorage<Attempt>();

/** Adds to what the attempt at hand counted, if somebody observes it. */
export function countInAttempt(metrics: Partial<SyncMetrics>): void {
  const attempt = attempts.getStore();
  if (attempt !== undefined) attempt.metrics = addMetrics(attempt.metrics, metrics);
}

/** Notes a failure that does not end the attempt at hand: what failed is left to another activity. */
export function countFailure(failure: Error): void {
  attempts.getStore()?.failures.push(failureType(failure));
}

/** Says whose account the attempt at hand works for, or in which mode, where its input does not tell. */
export function attributeAttempt({
  account,
  mode,
}: {
  readonly account?: string;
  readonly mode?: ScanMode;
}): void {
  const attempt = attempts.getStore();
  if (attempt === undefined) return;
  const { labels } = attempt;
  attempt.labels = { ...labels, account: account ?? labels.account, mode: mode ?? labels.mode };
}

/** Runs one attempt of an activity and tells the observer how it ended; changes nothing of it. */
export async function observeAttempt<O>(
  observer: SyncObserver | undefined,
  activity: string,
  input: unknown,
  work: () => Promise<O>,
): Promise<O> {
  if (observer === undefined) return work();
  const started = performance.now();
  const attempt: Attempt = { labels: labelsOf(input), metrics: syncMetrics(), failures: [] };
  const ended = (outcome: EndedAttempt['outcome'], source?: EndedAttempt['ended_source']) =>
    observer.attemptEnded({
      ...attempt.labels,
      activity,
      seconds: (performance.now() - started) / 1000,
      metrics: attempt.metrics,
      outcome,
      failures: attempt.failures,
      ended_source: source,
    });
  try {
    const result = await attempts.run(attempt, work);
    ended('done', endOf(activity, result));
    return result;
  } catch (error) {
    if (error instanceof CancelledFailure) ended('cancelled');
    else {
      attempt.failures.push(failureType(error));
      ended('failed');
    }
    throw error;
  }
}

const failureType = (error: unknown) =>
  (error instanceof ApplicationFailure ? error.type : null) ?? 'unknown';

/** Platform and mode stand in an activity's input, at the top or in the source that it works on. */
function labelsOf(input: unknown): AttemptLabels {
  const source = memberOf(input, 'source') ?? input;
  const mode = memberOf(memberOf(source, 'scan'), 'mode');
  const platform = memberOf(source, 'platform');
  return { platform: labelOf(platform), account: 'none', mode: labelOf(mode) };
}

/** Opening a source may end it, too. */
function endOf(activity: string, result: unknown): EndedAttempt['ended_source'] {
  const opened = activity === 'openSource' ? memberOf(result, 'closed') : undefined;
  const closed = activity === 'closeSource' ? result : opened;
  if (closed === undefined) return undefined;
  return { status: labelOf(memberOf(closed, 'status')), mode: labelOf(memberOf(closed, 'mode')) };
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;

const labelOf = (value: unknown) => (typeof value === 'string' ? value : 'none');
