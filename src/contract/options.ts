/** How a run works, as given by the person who started it. Sizes are counts, rates requests per second. */
export interface SyncOptions {
  /** Most requests in flight, and sockets kept, per account and worker. */
  readonly pool_size: number;
  /** Most sources synced at once within a platform. */
  readonly max_concurrent: number;
  /** Records fetched and merged together. */
  readonly batch_size: number;
  /** Requests per second for every account of the run; absent: the account's own, else the plan's. */
  readonly rate_limit?: number;
  /** false: stage every batch and publish once, atomically. */
  readonly streaming: boolean;
  /** false: read every record, whatever the watermark says. */
  readonly incremental: boolean;
  /** Share of a table's live rows that may vanish at once without a person's consent, 0 to 1. */
  readonly max_delete?: number;
}

/** More than so many rows, and more than this share of them, do not vanish at once without consent. */
export const DELETION_GUARD = { rows: 50, share: 0.2 } as const;

export const DEFAULT_OPTIONS: SyncOptions = {
  pool_size: 10,
  max_concurrent: 5,
  batch_size: 100,
  streaming: true,
  incremental: true,
};

/** Inclusive bounds; outside them an option is a usage error that names the range. */
export const OPTION_RANGES = {
  pool_size: [1, 100],
  max_concurrent: [1, 100],
  batch_size: [1, 10_000],
  rate_limit: [0.01, 1_000_000],
} as const;

export const PRESETS = {
  safe: { pool_size: 5, max_concurrent: 2 },
  fast: { pool_size: 20, max_concurrent: 10 },
} as const satisfies Record<string, Partial<SyncOptions>>;

export type PresetName = keyof typeof PRESETS;
