import { setCurrentDetails } from '@temporalio/workflow';
import type { ClosedSource } from '../contract/activities.ts';
import type { ScanState, SyncSourceInput } from '../contract/workflows.ts';
import { setStatusAttribute } from './search-attributes.ts';

/** Shows how a source ended where people look at its workflow. */
export function showEnd(closed: ClosedSource, note?: string): ClosedSource {
  const { status, error, metrics } = closed;
  setStatusAttribute(status);
  setCurrentDetails(
    [
      `**${status}**${error === null ? '' : `: ${error.message}`}`,
      `${metrics.read} records read, ${metrics.inserted} new, ${metrics.updated} changed`,
      ...(note === undefined ? [] : [note]),
    ].join('\n\n'),
  );
  return closed;
}

/** What a source at work is at, as the Web UI shows it. */
export function describeProgress(
  input: SyncSourceInput,
  state: ScanState | null,
  pausedSince: string | null,
): string {
  const paused = pausedSince === null ? [] : [`**paused** since ${pausedSince}`];
  if (state === null) return paused.join();
  const { opened, metrics, windows, unread_contents: unread } = state;
  const of = opened.expected === null ? '' : ` of about ${opened.expected}`;
  return [
    ...paused,
    `**${input.alias}**: ${opened.scan.mode} scan (${opened.reason})`,
    `${metrics.read}${of} records read, ${metrics.inserted} new, ${metrics.updated} changed, ${metrics.unchanged} unchanged`,
    `${metrics.requests} requests, waited ${Math.round(metrics.waited_ms / 1000)} s for the rate budget, ${windows.length} windows open`,
    ...(unread > 0 ? [`contents of ${unread} records to read`] : []),
  ].join('\n\n');
}
