import { CancellationScope, condition, isCancellation, patched } from '@temporalio/workflow';
import type { ResolvedSource } from '../contract/activities.ts';
import { pausedSince, type RunControl, type SourceControl } from '../contract/control.ts';
import { openLine, type Line } from './line.ts';
import { hasTurn } from './turns.ts';

/** A source at work: how it is told to pause, and how it alone is cancelled. */
export interface Place {
  readonly source: ResolvedSource;
  readonly scope: CancellationScope;
  readonly line: Line<SourceControl>;
  told: SourceControl;
}

export interface PoolRules {
  readonly control: () => RunControl;
  /** Most sources at work at once; those that pause do not count. */
  readonly limit: () => number;
  /** Requests per second that were asked for the run, if any. */
  readonly rateLimit: () => number | undefined;
  /** Syncs one source; throws only when all of this is cancelled. */
  readonly work: (source: ResolvedSource, place: Pick<Place, 'scope' | 'line'>) => Promise<void>;
  /** Whether a source that has not begun never shall. Asked again whenever one has ended. */
  readonly isDropped: (source: ResolvedSource) => boolean;
  /** Records a source whose turn never comes. */
  readonly drop: (source: ResolvedSource) => Promise<void>;
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
export class SourcePool {
  readonly #rules: PoolRules;
  readonly #places = new Set<Place>();
  #queue: readonly ResolvedSource[];
  #dropping = 0;
  /** Why no more sources are begun: all of this is cancelled. */
  #stopped: unknown;

  constructor(sources: readonly ResolvedSource[], rules: PoolRules) {
    this.#queue = sources;
    this.#rules = rules;
  }

  /** Resolves when every source has ended; throws when all of this is cancelled, once those at work have ended. */
  async ended(): Promise<void> {
    this.adjust();
    const isIdle = () => this.#places.size === 0 && this.#dropping === 0;
    try {
      await condition(() => this.#stopped !== undefined || (this.#queue.length === 0 && isIdle()));
    } catch (thrown) {
      if (!isCancellation(thrown)) throw thrown;
      // Runs that were cancelled under an earlier version are replayed as they went.
      if (patched('sources are told of a cancellation')) {
        for (const place of this.#places) this.#end(place);
      }
      // What ends nevertheless has ended: only what is left undone makes this a cancelled one.
      if (this.#queue.length > 0) this.#stopped ??= thrown;
    }
    await CancellationScope.nonCancellable(() => condition(isIdle));
    if (this.#stopped !== undefined) throw this.#stopped;
  }

  /** Acts upon a change of the rules, and upon the end of a source. */
  adjust(): void {
    if (this.#stopped !== undefined) return;
    const control = this.#rules.control();
    const isCancelled = ({ alias }: ResolvedSource) => control.cancelled_sources.includes(alias);
    for (const place of this.#places) {
      if (isCancelled(place.source)) this.#end(place);
      const paused_since = pausedSince(control, place.source.alias);
      const waits =
        paused_since === null && place.told.paused_since !== null && !this.#hasRoom(place.source);
      this.#tell(place, waits ? {} : { paused_since });
    }
    for (const source of this.#takeFromQueue(this.#rules.isDropped)) this.#drop(source);
    for (const source of this.#queue) {
      if (!this.#hasRoom(source)) continue;
      if (pausedSince(control, source.alias) !== null) continue;
      this.#takeFromQueue((one) => one === source);
      this.#begin(source);
    }
  }

  #hasRoom(source: ResolvedSource): boolean {
    const atWork = [...this.#places].filter(({ told }) => told.paused_since === null);
    if (atWork.length >= this.#rules.limit()) return false;
    return hasTurn(
      source,
      atWork.map((place) => place.source),
      this.#rules.rateLimit(),
    );
  }

  #tell(place: Place, change: Partial<SourceControl>): void {
    const { told } = place;
    const next: SourceControl = { ...told, settings: this.#rules.control().settings, ...change };
    if (isSame(told, next)) return;
    place.told = { ...next, revision: told.revision + 1 };
    void place.line.tell(place.told);
  }

  /**
   * The SDK cancels the run of a child that it started: a source that has continued as new since would never hear
   * of it. So it is told, too.
   */
  #end(place: Place): void {
    place.scope.cancel();
    this.#tell(place, { cancelled: true });
  }

  #begin(source: ResolvedSource): void {
    const { settings } = this.#rules.control();
    const told: SourceControl = { revision: 0, paused_since: null, cancelled: false, settings };
    const place: Place = { source, scope: new CancellationScope(), line: openLine(told), told };
    this.#places.add(place);
    void this.#rules
      .work(source, place)
      .catch((thrown: unknown) => (this.#stopped ??= thrown))
      .finally(() => {
        this.#places.delete(place);
        this.adjust();
      });
  }

  #drop(source: ResolvedSource): void {
    this.#dropping += 1;
    void this.#rules
      .drop(source)
      .catch((thrown: unknown) => (this.#stopped ??= thrown))
      .finally(() => (this.#dropping -= 1));
  }

  #takeFromQueue(wanted: (source: ResolvedSource) => boolean): readonly ResolvedSource[] {
    const taken = this.#queue.filter(wanted);
    this.#queue = this.#queue.filter((source) => !taken.includes(source));
    return taken;
  }
}
