import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { SourceKey } from '../contract/activities.ts';
import {
  pausedSince,
  type RunControl,
  type RunSettings,
  type SourceControl,
} from '../contract/control.ts';
import { openLine, type Line } from './line.ts';

/** A source at work: how it is told to pause, and how it alone is cancelled. */
export interface Place {
  readonly source: SourceKey;
  readonly scope: CancellationScope;
  readonly line: Line<SourceControl>;
  told: SourceControl;
}

export interface PoolRules {
  readonly control: () => RunControl;
  /** Most sources at work at once; those that pause do not count. */
  readonly limit: () => number;
  /** Syncs one source; throws only when all of this is cancelled. */
  readonly work: (source: SourceKey, place: Pick<Place, 'scope' | 'line'>) => Promise<void>;
  /** Records a source that was cancelled before it began. */
  readonly drop: (source: SourceKey) => Promise<void>;
}

export interface SourcePool {
  /** Acts upon a change of the rules. */
  adjust(): void;
  /** Resolves when every source has ended; throws when all of this is cancelled, once those at work have ended. */
  ended(): Promise<void>;
}

/** What of the settings concerns a source. */
const isSame = (a: RunSettings, b: RunSettings) =>
  a.batch_size === b.batch_size && a.rate_limit === b.rate_limit;

/**
 * Works through sources. A source that pauses leaves its place to the next, and takes one again when it is resumed:
 * one that pauses for hours holds up nobody else. A lower limit lets those at work end and begins fewer.
 */
export function openPool(sources: readonly SourceKey[], rules: PoolRules): SourcePool {
  let queue = [...sources];
  let dropping = 0;
  let stopped: unknown;
  const places = new Set<Place>();

  const hasRoom = () =>
    [...places].filter(({ told }) => told.paused_since === null).length < rules.limit();

  const tell = (place: Place, paused_since: string | null) => {
    const { settings } = rules.control();
    const { told } = place;
    if (told.paused_since === paused_since && isSame(told.settings, settings)) return;
    place.told = { revision: told.revision + 1, paused_since, settings };
    void place.line.tell(place.told);
  };

  const begin = (source: SourceKey) => {
    const { settings } = rules.control();
    const told: SourceControl = { revision: 0, paused_since: null, settings };
    const place: Place = { source, scope: new CancellationScope(), line: openLine(told), told };
    places.add(place);
    void rules
      .work(source, place)
      .catch((thrown: unknown) => (stopped ??= thrown))
      .finally(() => {
        places.delete(place);
        adjust();
      });
  };

  const drop = (source: SourceKey) => {
    dropping += 1;
    void rules
      .drop(source)
      .catch((thrown: unknown) => (stopped ??= thrown))
      .finally(() => (dropping -= 1));
  };

  const takeFromQueue = (wanted: (source: SourceKey) => boolean): readonly SourceKey[] => {
    const taken = queue.filter(wanted);
    queue = queue.filter((source) => !taken.includes(source));
    return taken;
  };

  function adjust(): void {
    if (stopped !== undefined) return;
    const control = rules.control();
    const isCancelled = ({ alias }: SourceKey) => control.cancelled_sources.includes(alias);
    for (const place of places) {
      if (isCancelled(place.source)) place.scope.cancel();
      const paused = pausedSince(control, place.source.alias);
      if (paused !== null) tell(place, paused);
      else if (place.told.paused_since === null || hasRoom()) tell(place, null);
    }
    for (const source of takeFromQueue(isCancelled)) drop(source);
    for (const source of queue) {
      if (!hasRoom()) return;
      if (pausedSince(control, source.alias) !== null) continue;
      takeFromQueue((one) => one === source);
      begin(source);
    }
  }

  return {
    adjust,
    ended: async () => {
      adjust();
      const isIdle = () => places.size === 0 && dropping === 0;
      try {
        await condition(() => stopped !== undefined || (queue.length === 0 && isIdle()));
      } catch (thrown) {
        if (!isCancellation(thrown)) throw thrown;
        // What ends nevertheless has ended: only what is left undone makes this a cancelled one.
        if (queue.length > 0) stopped ??= thrown;
      }
      queue = stopped === undefined ? queue : [];
      await CancellationScope.nonCancellable(() => condition(isIdle));
      if (stopped !== undefined) throw stopped;
    },
  };
}
