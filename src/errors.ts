import type { FailureType } from './contract/failures.ts';
import { withoutSecrets } from './secrets.ts';

/** Exit codes of the command line; see README. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  partial: 3,
  credentials: 4,
  unreachable: 5,
  running: 8,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * An error for a person: what, why and the command to run next. Printed as `error:`, `cause:` and
 * `hint:` by the CLI; never carries a token: whatever is written into it, secrets are blanked.
 */
export class AppsyncError extends Error {
  readonly type: string;
  readonly exitCode: ExitCode;
  readonly reason: string | undefined;
  readonly hint: string | undefined;

  constructor(
    exitCode: ExitCode,
    message: string,
    detail: {
      type?: string;
      reason?: string | undefined;
      hint?: string | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(withoutSecrets(message), detail.cause === undefined ? {} : { cause: detail.cause });
    this.name = 'AppsyncError';
    this.exitCode = exitCode;
    this.type = detail.type ?? EXIT_TYPES[exitCode];
    this.reason = clean(detail.reason);
    this.hint = clean(detail.hint);
  }
}

const clean = (text: string | undefined) => (text === undefined ? undefined : withoutSecrets(text));

const EXIT_TYPES: Readonly<Record<ExitCode, string>> = {
  0: 'Ok',
  1: 'Failed',
  2: 'Usage',
  3: 'Partial',
  4: 'Configuration',
  5: 'Unreachable',
  8: 'Running',
  130: 'Interrupted',
};

/** An unknown option, target or filter value: exit 2. */
export const usageError = (message: string, hint?: string) =>
  new AppsyncError(EXIT.usage, message, { hint });

/** Credentials, catalog or environment that cannot work: exit 4. */
export const configurationError = (message: string, hint?: string, cause?: unknown) =>
  new AppsyncError(EXIT.credentials, message, {
    hint,
    reason: cause === undefined ? undefined : reasonOf(cause),
    cause,
  });

/** Postgres or Temporal does not answer: exit 5. */
export const unreachableError = (message: string, hint: string, cause: unknown) =>
  new AppsyncError(EXIT.unreachable, message, { hint, reason: reasonOf(cause), cause });

/**
 * A failure of a platform, of the store or of a source, classified. Activities turn it into a
 * Temporal ApplicationFailure of the same `type`; `retryAfterMs` becomes the next retry's delay. Secrets
 * are blanked here, so that they reach neither the history nor Postgres nor a screen.
 */
export class SyncFailure extends Error {
  readonly type: FailureType;
  readonly hint: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(
    type: FailureType,
    message: string,
    detail: { hint?: string | undefined; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(withoutSecrets(message), detail.cause === undefined ? {} : { cause: detail.cause });
    this.name = 'SyncFailure';
    this.type = type;
    this.hint = clean(detail.hint);
    this.retryAfterMs = waitOf(detail.retryAfterMs);
  }
}

const LONGEST_RETRY_MS = 366 * 24 * 60 * 60_000;

/** A plug-in may read no number, or an absurd one, from an answer: Temporal's worker would end over NaN. */
const waitOf = (ms: number | undefined) =>
  ms !== undefined && ms >= 0 ? Math.min(ms, LONGEST_RETRY_MS) : undefined;

/** One line that says why, from whatever was thrown, without secrets. AggregateError and AirtableError included. */
export function reasonOf(thrown: unknown): string {
  return withoutSecrets(messageOf(thrown));
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '') {
    return thrown.errors.map(messageOf).join('; ');
  }
  if (thrown instanceof Error) return thrown.message || thrown.name;
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) {
    return String(thrown.message);
  }
  return String(thrown);
}

const CERTIFICATE_CODES =
  /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|ERR_TLS_CERT_|INVALID_CA$|HOSTNAME_MISMATCH$)/;

/** Whether a TLS connection failed because the server's certificate is not trusted, as Node's codes say. */
export function isCertificateError(thrown: unknown): boolean {
  const isObject = typeof thrown === 'object' && thrown !== null;
  return isObject && 'code' in thrown && CERTIFICATE_CODES.test(String(thrown.code));
}

const ABOUT_ONE_RECORD: readonly FailureType[] = ['NotFound', 'Forbidden', 'BadRequest'];

/** Whether an answer concerns the one record asked about: gone, in the trash, out of sight, or refused for good. */
export const isAboutOneRecord = (thrown: unknown): boolean =>
  thrown instanceof SyncFailure && ABOUT_ONE_RECORD.includes(thrown.type);
