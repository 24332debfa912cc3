import type { Column, ConvertedRecord, RejectedRecord, SourceSchema } from '../contract/schema.ts';
import type { CustomCounts } from '../contract/metrics.ts';
import type { Evidence, ScanMode, ScanWindow } from '../contract/scan.ts';
import type { DiscoveredSource, Identity, SourceRef } from './platform.ts';

export interface ScanRequest {
  readonly ref: SourceRef;
  readonly mode: ScanMode;
  /** Incremental: read records edited at or after this time. */
  readonly since: string | null;
  /** The version of the source that the scan is of, as `readVersion` gave it; absent where there is none. */
  readonly version?: string | undefined;
}

export interface BatchRequest extends ScanRequest {
  /** The columns that values are wanted for; read by field id, so that a rename in between does no harm. */
  readonly columns: readonly Column[];
  readonly window: ScanWindow;
  /** Number of the first window that a batch may open, of twenty: other windows are read at the same time. */
  readonly free_window: number;
  /** Records wanted; a batch may hold fewer, also none, and then is not the last unless its window says done. */
  readonly max_records: number;
  /** Return what there is when this is true: the activity's time slice is over. */
  readonly isTimeUp: () => boolean;
}

export interface FetchedBatch {
  readonly records: readonly ConvertedRecord[];
  /** Records that could not be converted; the others do not wait for them. */
  readonly rejected: readonly RejectedRecord[];
  /** The window after this batch first, then windows that it opened, numbered from `free_window`. */
  readonly windows: readonly ScanWindow[];
  readonly evidence: Evidence;
  /** What the platform counts besides, of this batch alone; see docs/extending.md. */
  readonly counts?: CustomCounts;
}

/** A value read whole, or why its column cannot hold it, in words that hold nothing of it. */
export type WholeValue = { readonly text: string | null } | { readonly unfit: string };

/** What the platform says of a record by its id, above all of one that a whole scan did not find. */
export type Whereabouts =
  /** Still in the source: the scan missed it, or it came (back) since. */
  | { readonly state: 'present'; readonly record: ConvertedRecord }
  /** In the trash, or archived: no listing shows it, and it may come back. */
  | { readonly state: 'trashed' }
  /** In another source now, or nowhere that is one (null). */
  | { readonly state: 'moved'; readonly external_id: string | null }
  /** The platform does not tell a record that is gone for good from one that is not shared. */
  | { readonly state: 'unreachable' };

/** The content of one record: what it holds besides its values, such as the body of a page. */
export interface RecordContent {
  readonly text: string;
  /** Why it is not whole, in words that hold nothing of it; null when it is. */
  readonly note: string | null;
  /** The platform's clock when it answered, ISO 8601. */
  readonly read_at: string;
}

/** Finds out who the credentials are, and which sources they see. */
export interface Discovers {
  /** One cheap request that proves the credentials. Throws Unauthorized when they are refused. */
  identify(): Promise<Identity>;
  /**
   * Every source that the account can see; the same source may come twice. `place` is what a person gave to
   * `init` for a platform that has to be told where to look; a relative one is meant from the working directory.
   */
  discover(place?: string): AsyncIterable<DiscoveredSource>;
}

/** Reads the schema of a source. */
export interface Describes {
  /**
   * The fields in the platform's order; their ids survive renames. `server_time` is the platform's clock: the
   * watermark of the scan that follows is this less `overlap_ms`, so a time that is late loses edits. Throws NotFound
   * or Forbidden when the source is gone or out of sight, InvalidAnswer for an answer that is none.
   */
  describe(ref: SourceRef): Promise<SourceSchema>;
}

/** Reads the records of a source, batch by batch, each from a position that is all there is to go on from. */
export interface Scans {
  /** The windows that a new scan begins with: at least one, numbered from 0. Pure. */
  planScan(request: ScanRequest): readonly ScanWindow[];
  /**
   * Reads on from a window. Its answer says where to go on, and nothing else remembers it: the same call may come
   * again after a crash, from another process, or while a former one is still running, and has to give the records
   * from there again. A window may hold whatever the platform needs (`cursor`, `last`, `lower`, `upper`, `part`),
   * as texts of a few hundred characters without secrets: it is kept in Postgres and in workflow history.
   *
   * `done: true` is the proof that a scan is whole, so it must rest on what the platform says (no next page, the end
   * of the file), never on a batch that happens to be short or empty. Where the platform may have left something
   * out, name it in `evidence.gaps`: the source then ends as incomplete. A record that cannot be converted goes to
   * `rejected`, and the others do not wait for it.
   *
   * When the cursor is lost it goes on from `window.last` by itself (counted in evidence and in `restarts`), or
   * throws CursorLost when the whole scan has to begin anew. Throws SchemaChanged when the fields are others now.
   */
  fetchBatch(request: BatchRequest): Promise<FetchedBatch>;
}

/** Tells whether a source changed at all: for platforms whose records have no times of edit. */
export interface TellsVersions {
  /**
   * A text of at most 300 characters that is another one whenever anything in the source is. What a whole scan saw
   * is current as long as it stays the same: then neither schema nor records are read. Null: it cannot be told now.
   */
  readVersion(ref: SourceRef): Promise<SourceVersion | null>;
}

export interface SourceVersion {
  readonly version: string;
  /** The platform's clock, ISO 8601. */
  readonly server_time: string;
}

/** Completes values that listings cut short. */
export interface CompletesValues {
  /** The whole of a value that a list cut short, in Postgres text form. */
  readValue(ref: SourceRef, recordId: string, column: Column): Promise<WholeValue>;
}

/** Says what became of records that a whole scan did not find. Without it they are deleted. */
export interface LocatesRecords {
  /** What the platform has under these ids, at most `located_at_once` of them: an entry for each. */
  locate(
    ref: SourceRef,
    ids: readonly string[],
    columns: readonly Column[],
  ): Promise<ReadonlyMap<string, Whereabouts>>;
}

/** For platforms whose records do not all carry their time of edit. */
export interface TellsEdits {
  /** Which of these records, at most `located_at_once`, were edited at or after a time. */
  editedSince(ref: SourceRef, ids: readonly string[], since: string): Promise<ReadonlySet<string>>;
}

/** Draws samples of a source, for comparisons. */
export interface ListsFrom {
  /** A window of a full listing with the records that were created at or after a time. Pure. */
  listFrom(created: string): ScanWindow;
}

/** Reads what records hold besides their values. For platforms that name `contentFormats`. */
export interface ReadsContent {
  readContent(ref: SourceRef, recordId: string): Promise<RecordContent>;
}

/**
 * A platform as seen through one account, for the length of one activity or command. All methods throw SyncFailure
 * (src/contract/failures.ts says which type means what). They may be called again at any time with the same
 * arguments: nothing is kept between calls. What a platform cannot do it leaves out.
 */
export type PlatformSession = Discovers &
  Describes &
  Scans &
  Partial<TellsVersions & CompletesValues & LocatesRecords & TellsEdits & ListsFrom & ReadsContent>;
