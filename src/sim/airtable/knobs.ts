/** How the simulated Airtable behaves where the real one may differ; changeable while it runs. */
export interface AirtableKnobs {
  /** Requests per window and base; 0 switches the limit off. Five a second is documented. */
  rateLimit: number;
  rateWindowMs: number;
  /** After one request too many, every request of the base is refused for so long. */
  lockoutMs: number;
  /** Requests per window and token over all bases, 50 a second as documented; 0: none. */
  tokenRateLimit: number;
  /** No Retry-After is documented. */
  retryAfter: boolean;
  /** Data requests per workspace and month before the billing 429; 0: unlimited. Metadata stays open. */
  monthlyCalls: number;
  /** Idle time after which an offset is refused with 422; 0: never. Unpublished. */
  offsetTtlMs: number;
  offsetSingleUse: boolean;
  /** Whether membership and order of a listing are fixed by its first page. */
  scan: 'frozen order' | 'live';
  /** Edits reach listings this much later than single records. */
  listLagMs: number;
  /** How a blank time compares: before everything, or as an unknown that makes a comparison false. */
  blankTimes: 'earliest' | 'never before';
  basesPerPage: number;
  latencyMs: number;
}

export const AIRTABLE_DEFAULTS: AirtableKnobs = {
  rateLimit: 5,
  rateWindowMs: 1000,
  lockoutMs: 30_000,
  tokenRateLimit: 50,
  retryAfter: false,
  monthlyCalls: 0,
  offsetTtlMs: 300_000,
  offsetSingleUse: false,
  scan: 'frozen order',
  listLagMs: 0,
  blankTimes: 'earliest',
  basesPerPage: 1000,
  latencyMs: 0,
};
