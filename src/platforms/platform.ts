import type { ContentFormat } from '../contract/content.ts';
import type { Column, ConvertedRecord, RejectedRecord, SourceSchema } from '../contract/schema.ts';
import type { Evidence, ScanMode, ScanWindow } from '../contract/scan.ts';

/** Where a source lives on its platform, as the catalog file writes it: `{ data_source: … }`, `{ base: …, table: … }`. */
export type SourceRef = Readonly<Record<string, string>>;

/** A number of requests that may be granted in any window of time, shared by all workers through Postgres. */
export interface RateRule {
  /** Names the budget: `notion:<token fingerprint>`, `airtable:<fingerprint>:<base>`. No secret in it. */
  readonly key: string;
  /** Requests per second in the long run. */
  readonly rate: number;
  /** Never more than `limit` grants in any `window_ms`. */
  readonly window_ms: number;
  readonly limit: number;
  /** Grants that may follow at once after a pause. */
  readonly burst: number;
}

/** What requests go through: one budget, one count, one way to wait, retry a 429 and cancel. */
export interface Requests {
  /**
   * Waits for a grant of every rule, then makes one HTTP request. `request` gets the signal that ends it
   * (cancellation, or 30 s over headers and body) and throws SyncFailure; a RateLimited failure with a
   * time stops all workers of those rules until then, and is tried again here when that is within a minute.
   */
  send<T>(rules: readonly RateRule[], request: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** An account with its token: lives in memory only, never in workflow inputs, errors or logs. */
export interface Connection {
  readonly account: string;
  readonly token: string;
  /** Salted hash of the token, safe to store: what budgets are keyed by. */
  readonly fingerprint: string;
  /** Origin of the API when it is not the platform's own. */
  readonly base_url: string | undefined;
  readonly plan: string | null;
  /** Requests per second asked for (the run's, else the account's); null: the plan's. */
  readonly rate: number | null;
  readonly pool_size: number;
}

export interface Identity {
  /** Who the token is, for people: a bot's or a user's name or id. */
  readonly name: string;
  readonly workspace: string | null;
}

export interface DiscoveredSource {
  readonly title: string;
  readonly ref: SourceRef;
  readonly external_id: string;
}

export interface ScanRequest {
  readonly ref: SourceRef;
  readonly mode: ScanMode;
  /** Incremental: read records edited at or after this time. */
  readonly since: string | null;
}

export interface BatchRequest extends ScanRequest {
  /** The columns that values are wanted for; read by field id, so that a rename in between does no harm. */
  readonly columns: readonly Column[];
  readonly window: ScanWindow;
  /** Number of the first window that a batch may open. */
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

/** A listing that a platform offers besides its sources, for its ids to be joined with: its users, its bases. */
export interface Listing {
  /** What `init` suggests as alias. */
  readonly name: string;
  readonly ref: SourceRef;
  /** What is in it, in a few words. */
  readonly about: string;
}

/**
 * A platform as seen through one account, for the length of one activity or command. All methods throw
 * SyncFailure. They may be called again at any time with the same arguments: nothing is kept between calls.
 */
export interface PlatformSession {
  identify(): Promise<Identity>;
  /** Every source that the account can see; the same source may come twice. */
  discover(): AsyncIterable<DiscoveredSource>;
  describe(ref: SourceRef): Promise<SourceSchema>;
  /** The windows that a new scan begins with. */
  planScan(request: ScanRequest): readonly ScanWindow[];
  /**
   * Reads on from `window.cursor`. When the cursor is lost it goes on from `window.last` by itself
   * (counted in evidence and in `restarts`), or throws CursorLost when the whole scan has to begin anew.
   */
  fetchBatch(request: BatchRequest): Promise<FetchedBatch>;
  /** The whole of a value that a list cut short, in Postgres text form. Platforms that never cut omit it. */
  readValue?(ref: SourceRef, recordId: string, column: Column): Promise<WholeValue>;
  /**
   * What the platform has under these ids, at most `located_at_once` of them: an entry for each. Platforms that look
   * up nothing by id omit it: what their whole scan did not find is deleted.
   */
  locate?(
    ref: SourceRef,
    ids: readonly string[],
    columns: readonly Column[],
  ): Promise<ReadonlyMap<string, Whereabouts>>;
  /**
   * Which of these records, at most `located_at_once`, were edited at or after a time. For platforms whose
   * records do not all carry their time of edit; the others omit it.
   */
  editedSince?(ref: SourceRef, ids: readonly string[], since: string): Promise<ReadonlySet<string>>;
  /** A window of a full listing with the records that were created at or after a time, for samples. */
  listFrom?(created: string): ScanWindow;
  /** A record's content. Platforms that name no `contentFormats` omit it. */
  readContent?(ref: SourceRef, recordId: string): Promise<RecordContent>;
}

/** How `init` and the worker find credentials in the environment; names only. */
export interface PlatformEnvironment {
  /** Variables that may hold the token, in order. */
  readonly token: readonly string[];
  readonly base_url: string;
}

/** A platform: what the registry holds. Implement this and PlatformSession, add it to registry.ts, done. */
export interface Platform {
  readonly name: string;
  readonly title: string;
  readonly environment: PlatformEnvironment;
  /** Plan → requests per second; the first is the default. */
  readonly plans: Readonly<Record<string, number>>;
  /** Plan → requests that a workspace may make in a month; a plan that is not named has no such limit. */
  readonly monthlyRequests?: Readonly<Record<string, number>>;
  /** What of a source has a rate budget of its own, such as its base; absent: its whole account shares one. */
  budgetPart?(ref: SourceRef): string;
  /** Requests per second of an account over all those parts. */
  readonly accountRate?: number;
  /** How far a watermark is set back, in ms: covers floored times, index lag and clock skew. */
  readonly overlap_ms: number;
  /** Records that `locate` asks about with one request; 0 where a session has no `locate`. */
  readonly located_at_once: number;
  /** Checks a catalog file's `ref`; throws Error with a message that names the wrong key. */
  parseRef(ref: unknown): SourceRef;
  /** The reference as one string: data source id, `app…/tbl…`, or `list/…` for a listing. */
  externalId(ref: SourceRef): string;
  /** Types of properties that are known; any other is kept as jsonb, and people are told. */
  readonly knownTypes: ReadonlySet<string>;
  /**
   * How records of a source become rows, also records that were stored long ago (`_raw`, quarantine): pure, no
   * request. What it returns throws for a record that it cannot convert.
   */
  createConverter(
    columns: readonly Column[],
    ref?: SourceRef,
  ): (record: unknown) => ConvertedRecord;
  /** Whether changes since a time can be asked for; absent: always. Without, every scan is a full one. */
  supportsIncremental?(ref: SourceRef): boolean;
  /** Formats in which content can be kept of the records there; absent: none. */
  contentFormats?(ref: SourceRef): readonly ContentFormat[];
  readonly listings?: readonly Listing[];
  connect(connection: Connection, requests: Requests): PlatformSession;
}

/** Rates in force: what was asked for, else the plan's, else the default plan's. */
export function requestRate(
  platform: Pick<Platform, 'plans'>,
  connection: Pick<Connection, 'plan' | 'rate'>,
): number {
  const [standard = 1] = Object.values(platform.plans);
  return connection.rate ?? platform.plans[connection.plan ?? ''] ?? standard;
}
