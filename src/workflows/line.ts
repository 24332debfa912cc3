import { CancellationScope, defineSignal, type ChildWorkflowHandle } from '@temporalio/workflow';
import type { Workflow } from '@temporalio/common';
import { CONTROL_SIGNAL, type RunControl, type SourceControl } from '../contract/control.ts';

/** Platforms get the run's whole state, sources their part of it. */
export const controlSignal = <S extends RunControl | SourceControl>() =>
  defineSignal<[S]>(CONTROL_SIGNAL);

/** A line to a child on which the latest state is told, once the child is there. */
export interface Line<S> {
  /** What the child begins with. */
  readonly first: S;
  /** The child was started: what changed meanwhile is told. */
  connect(child: Pick<ChildWorkflowHandle<Workflow>, 'signal'>): void;
  /** Resolves when the child has it, or needs nothing any more. */
  tell(state: S): Promise<void>;
}

/**
 * Signals go by the child's workflow id, not by its run, so that a child that continues as new in between
 * gets them, too. States that overtake each other on the way are told apart by their revision.
 */
export function openLine<S extends RunControl | SourceControl>(first: S): Line<S> {
  let child: Pick<ChildWorkflowHandle<Workflow>, 'signal'> | undefined;
  let sent = first;
  let wanted = first;
  const flush = async () => {
    if (child === undefined || sent === wanted) return;
    sent = wanted;
    const [told, handle] = [sent, child];
    // It fails when the child has ended: there is nobody left to steer.
    await CancellationScope.nonCancellable(() =>
      handle.signal(controlSignal<S>(), told).catch(() => {}),
    );
  };
  return {
    first,
    connect: (started) => {
      child = started;
      void flush();
    },
    tell: (state) => {
      wanted = state;
      return flush();
    },
  };
}
