import type { ContentFormat } from '../contract/content.ts';
import type { Column, ConvertedRecord } from '../contract/schema.ts';
import type { ConformanceStage } from './conformance.ts';
import type { PlatformSession } from './session.ts';

/** The version of this interface: a plug-in that was made for another one is refused, not guessed at. */
export const INTERFACE_VERSION = 1;

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
   * (cancellation, or `timeout_ms` over headers and body: 30 s unless the answer may be a long one, such as a
   * file) and throws SyncFailure; a RateLimited failure with a time stops all workers of those rules until
   * then, and is tried again here when that is within a minute.
   */
  send<T>(
    rules: readonly RateRule[],
    request: (signal: AbortSignal) => Promise<T>,
    options?: RequestOptions,
  ): Promise<T>;
}

export interface RequestOptions {
  readonly timeout_ms?: number;
  /**
   * Names what is asked for, where the answer is the same for all who ask with the same token, such as the tables of a
   * base: while such a request waits for its grant in this process, whoever asks for the same waits for its answer, which
   * is no older than one of his own would be, instead of sending another. A failure is not shared. Nobody may change
   * what it returns.
   */
  readonly shared_as?: string;
}

/** An account with its token: lives in memory only, never in workflow inputs, errors or logs. */
export interface Connection {
  readonly account: string;
  /** Empty when the account names none, as only platforms with optional credentials allow. */
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
  /** As `parseRef` gives it; of a platform with a `place`, as a catalog file in the working directory would have it. */
  readonly ref: SourceRef;
  readonly external_id: string;
}

/** A listing that a platform offers besides its sources, for its ids to be joined with: its users, its bases. */
export interface Listing {
  /** What `init` suggests as alias. */
  readonly name: string;
  readonly ref: SourceRef;
  /** What is in it, in a few words. */
  readonly about: string;
}

/** How `init` and the worker find credentials in the environment; names only. */
export interface PlatformEnvironment {
  /** Variables that may hold the token, in order. */
  readonly token: readonly string[];
  /** The variable that may hold another origin of the API; absent: there is none. */
  readonly base_url?: string;
}

/**
 * A platform: what the registry holds. Implement this and PlatformSession; then the command line, the worker, the
 * catalog, plans, health and the page know it. See docs/extending.md.
 */
export interface Platform {
  readonly interface_version: typeof INTERFACE_VERSION;
  /** Lower-case letters, digits and `-`: part of `sync-<name>`, of default tables and of workflow ids. */
  readonly name: string;
  readonly title: string;
  readonly environment: PlatformEnvironment;
  /** `optional`: an account may do without a token. Absent: it has to name one. */
  readonly credentials?: 'optional';
  /** What `init` has to be told, in a few words, to know where to look: `a folder, a file or a URL`. Absent: nothing. */
  readonly place?: string;
  /** Plan → requests per second; the first is the default. Empty: one a second. */
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
  /**
   * Records of a batch for each record of `--batch-size`; absent: 1. For platforms that cost nothing by the request,
   * where a hundred records are hardly worth an activity.
   */
  readonly batch_factor?: number;
  /**
   * Checks a catalog file's `ref` and gives it one form; throws Error with a message that begins with the wrong key
   * (`ref.path …`). `folder`: the catalog file's, which relative paths are meant from; absent for a reference that had
   * its form already.
   */
  parseRef(ref: unknown, folder?: string): SourceRef;
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
  /** Sources that are read without a request, such as a file on the worker's own disk; absent: none. For plans. */
  needsNoRequests?(ref: SourceRef): boolean;
  /** Formats in which content can be kept of the records there; absent: none. */
  contentFormats?(ref: SourceRef): readonly ContentFormat[];
  readonly listings?: readonly Listing[];
  /** Why this platform cannot be used here: set for a plug-in that could not be loaded, by the loader only. */
  readonly unavailable?: string;
  connect(connection: Connection, requests: Requests): PlatformSession;
  /**
   * Starts what stands in for the platform while `appsync dev conformance` examines it. Called for nothing else, so what
   * it needs is best imported in it.
   */
  readonly conformance?: () => Promise<ConformanceStage>;
}

/** Rates in force: what was asked for, else the plan's, else the default plan's. */
export function requestRate(
  platform: Pick<Platform, 'plans'>,
  connection: Pick<Connection, 'plan' | 'rate'>,
): number {
  const [standard = 1] = Object.values(platform.plans);
  return connection.rate ?? platform.plans[connection.plan ?? ''] ?? standard;
}

/** Every variable of the environment that a platform reads. */
export const variablesOf = ({ environment }: Pick<Platform, 'environment'>): readonly string[] => [
  ...environment.token,
  ...(environment.base_url === undefined ? [] : [environment.base_url]),
];
