import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { SourceKey } from '../contract/activities.ts';
import { pausedSince, type RunControl, type SourceControl } from '../contract/control.ts';
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

/** Whether two states are the same to a source. */
const isSame = (a: SourceControl, b: SourceControl) =>
  a.paused_since === b.paused_since &&
  a.cancelled === b.cancelled &&
  a.settings.batch_size === b.settings.batch_size &&
  a.settings.rate_limit === b.settings.rate_limit;

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

  const tell = (place: Place, change: Partial<SourceControl>) => {
    const { told } = place;
    const next: SourceControl = { ...told, settings: rules.control().settings, ...change };
    if (isSame(told, next)) return;
    place.told = { ...next, revision: told.revision + 1 };
    void place.line.tell(place.told);
  };

  /**
   * The SDK cancels the run of a child that it started: a source that has continued as new since would never hear
   * of it. So it is told, too.
   */
  const end = (place: Place) => {
    place.scope.cancel();
    tell(place, { cancelled: true });
  };

  const begin = (source: SourceKey) => {
    const { settings } = rules.control();
    const told: SourceControl = { revision: 0, paused_since: null, cancelled: false, settings };
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
      if (isCancelled(place.source)) end(place);
      const paused_since = pausedSince(control, place.source.alias);
      const waits = paused_since === null && place.told.paused_since !== null && !hasRoom();
      tell(place, waits ? {} : { paused_since });
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
        for (const place of places) end(place);
        // What ends nevertheless has ended: only what is left undone makes this a cancelled one.
        if (queue.length > 0) stopped ??= thrown;
      }
      queue = stopped === undefined ? queue : [];
      await CancellationScope.nonCancellable(() => condition(isIdle));
      if (stopped !== undefined) throw stopped;
    },
  };
}
