/**
 * Every way in which a request or a write can fail, by the `type` that Temporal failures carry.
 * Workflows decide by these strings, never by instanceof (classes differ between V8 contexts).
 */
export const FAILURE_TYPES = [
  'Unauthorized', // the token is unknown or revoked (401)
  'Forbidden', // the token lacks a capability or permission (403)
  'NotFound', // the source does not exist or is not shared with the token (404)
  'BadRequest', // the platform refuses the request as it is (400, 422)
  'CredentialMissing', // the account's token reference leads nowhere
  'RateLimited', // 429 or 529 with a time to wait
  'Blocked', // no request will succeed before a later time (billing limit, blocked integration)
  'CursorLost', // the position's cursor expired or is refused
  'SchemaChanged', // the source's properties changed while it was read
  'Unavailable', // 5xx, broken or late answers, network
  'InvalidAnswer', // an answer that is not what the API documents
  'FenceLost', // another sync of this source took over
  'StagingLost', // staged rows are gone (Postgres recovered from a crash): fetch them again
  'Misconfigured', // the catalog, the destination or a platform's address cannot work as it stands
  'Database', // Postgres is unreachable or refuses
] as const;

export type FailureType = (typeof FAILURE_TYPES)[number];

/** Trying the same call again cannot help: the workflow has to do something else, or the source ends. */
export const NON_RETRYABLE_FAILURES: readonly FailureType[] = [
  'Unauthorized',
  'Forbidden',
  'NotFound',
  'BadRequest',
  'CredentialMissing',
  'Blocked',
  'CursorLost',
  'SchemaChanged',
  'FenceLost',
  'StagingLost',
  'Misconfigured',
];

/** Failures of the account rather than of one source. */
export const CREDENTIAL_FAILURES: readonly FailureType[] = ['Unauthorized', 'CredentialMissing'];
