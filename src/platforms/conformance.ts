type Awaitable<T> = T | Promise<T>;

/** How the requests to a stage can be made to go wrong. */
export type StagedFailure =
  /** The token is refused, as one is that was revoked. */
  | 'unauthorized'
  /** Too many requests; the answer names a time to wait where the platform names any. */
  | 'rate-limited'
  /** The platform could not answer (5xx). */
  | 'server-error'
  /** The answer ends in its middle. */
  | 'cut-short';

/**
 * What stands in for a platform while `appsync dev conformance` examines it: a simulator, recorded answers, a folder of
 * files. Its source holds some dozens of records, at least five. Every check starts a stage of its own, so that none
 * finds what another one left. Controls are optional: a check that needs a missing one is skipped, and says so.
 */
export interface ConformanceStage {
  /** What is accepted as token; empty for a platform that takes none. */
  readonly token: string;
  /** Origin that stands in for the platform's own. */
  readonly base_url?: string;
  /** A token that is refused. */
  readonly wrong_token?: string;
  /** What `discover` has to be told, for a platform with a `place`. */
  readonly place?: string;
  /** The source to read, as a catalog file writes it; absent: the first that is discovered. */
  readonly ref?: unknown;
  /** What `failNext` can do; absent: everything. */
  readonly failures?: readonly StagedFailure[];

  /** Ids of all records of the source now, told by the stage itself: what a whole scan has to find. */
  ids?(): Awaitable<readonly string[]>;
  /**
   * Changes a value of one record. Returns its id where other records change with it (by a lookup, say): they need not
   * be found by what asks for edits. Otherwise what it changed is found out by comparing.
   */
  edit?(): Awaitable<string | void>;
  /** Makes a new record; returns its id like `edit`. */
  add?(): Awaitable<string | void>;
  /** Removes one record. */
  remove?(): Awaitable<void>;
  /** Adds a field. */
  addField?(): Awaitable<void>;
  /** Gives a field, with values in it, another name. */
  renameField?(): Awaitable<void>;
  /** Adds a field of a type that is not among the platform's `knownTypes`, with a value in one record at least. */
  addUnknownType?(): Awaitable<void>;
  /** Adds something in place of a record that no row can be made of. */
  addUnconvertible?(): Awaitable<void>;
  /** Where there is a source without records, as a catalog file writes it. */
  empty?(): Awaitable<unknown>;
  /** From now on so many requests fail like this. */
  failNext?(kind: StagedFailure, times: number): Awaitable<void>;
  /** Makes every cursor that was given out so far worthless. */
  loseCursors?(): Awaitable<void>;
  /** Moves the platform's clock on. */
  advanceClock?(ms: number): Awaitable<void>;
  /** Requests that arrived so far. */
  requests?(): Awaitable<number>;
  /** Ends all that was started. */
  close?(): Awaitable<void>;
}
