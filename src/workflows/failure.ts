import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  TimeoutFailure,
} from '@temporalio/common';
import type { FailureType } from '../contract/failures.ts';
import type { SourceError } from '../contract/summary.ts';

/** The failure that lies under what a workflow caught, as an error for people. */
export function sourceError(thrown: unknown): SourceError {
  const root = rootFailure(thrown);
  if (root instanceof ApplicationFailure) {
    const [detail] = (root.details ?? []) as readonly Pick<SourceError, 'hint' | 'blocked_until'>[];
    return {
      type: root.type ?? 'Failed',
      message: root.message,
      ...(detail?.hint === undefined ? {} : { hint: detail.hint }),
      ...(detail?.blocked_until === undefined ? {} : { blocked_until: detail.blocked_until }),
    };
  }
  if (root instanceof TimeoutFailure) {
    return {
      type: 'Unavailable',
      message: 'no worker answered in time',
      hint: 'see the worker log (appsync status names it), then sync again: it goes on from its checkpoint',
    };
  }
  return { type: 'Failed', message: root instanceof Error ? root.message : String(root) };
}

/** What an activity that failed with this error would have thrown. */
export const failureOf = ({ type, message, ...detail }: SourceError): ApplicationFailure =>
  ApplicationFailure.create({ type, message, nonRetryable: true, details: [detail] });

/** Whether the failure under `thrown` is of this type. Types are compared, not classes. */
export function isFailure(thrown: unknown, type: FailureType): boolean {
  const root = rootFailure(thrown);
  return root instanceof ApplicationFailure && root.type === type;
}

function rootFailure(thrown: unknown): unknown {
  const wraps = thrown instanceof ActivityFailure || thrown instanceof ChildWorkflowFailure;
  return wraps && thrown.cause !== undefined ? rootFailure(thrown.cause) : thrown;
}
