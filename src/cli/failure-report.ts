import { AppsyncError, EXIT, SyncFailure, reasonOf, type ExitCode } from '../errors.ts';
import type { FailureType } from '../contract/failures.ts';
import { withoutSecrets } from '../secrets.ts';
import type { Output } from './output.ts';
import { asTyped } from './program-name.ts';

/** An error as the command line shows it. */
export interface FailureReport {
  readonly type: string;
  readonly message: string;
  readonly cause?: string;
  readonly hint?: string;
  readonly exitCode: ExitCode;
}

const FAILURE_EXITS: Partial<Record<FailureType, ExitCode>> = {
  Unauthorized: EXIT.credentials,
  Forbidden: EXIT.credentials,
  CredentialMissing: EXIT.credentials,
  Misconfigured: EXIT.credentials,
  Database: EXIT.unreachable,
};
const POSTGRES_CODES =
  /^(ECONN|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|EPIPE|57P0\d|08\d{3}|28\w{3}|3D000)/;
/** DEADLINE_EXCEEDED and UNAVAILABLE. */
const GRPC_UNAVAILABLE: ReadonlySet<string> = new Set(['4', '14']);
/** PERMISSION_DENIED and UNAUTHENTICATED. */
const GRPC_REFUSED: ReadonlySet<string> = new Set(['7', '16']);

/** What anything that was thrown means to a person, and with which code the program ends. */
export function reportFailure(thrown: unknown): FailureReport {
  if (thrown instanceof AppsyncError) {
    return {
      type: thrown.type,
      message: thrown.message,
      exitCode: thrown.exitCode,
      ...(thrown.reason === undefined ? {} : { cause: thrown.reason }),
      ...(thrown.hint === undefined ? {} : { hint: thrown.hint }),
    };
  }
  if (thrown instanceof SyncFailure) {
    return {
      type: thrown.type,
      message: thrown.message,
      exitCode: FAILURE_EXITS[thrown.type] ?? EXIT.failed,
      ...(thrown.hint === undefined ? {} : { hint: thrown.hint }),
    };
  }
  const lost = lostConnection(codeOf(thrown));
  if (lost !== null) return { ...lost, cause: reasonOf(thrown) };
  return {
    type: 'Internal',
    message: reasonOf(thrown),
    hint: 'run it again with APPSYNC_DEBUG=1 to see where it failed',
    exitCode: EXIT.failed,
  };
}

/** Failures of a connection, by the code of Node, Postgres or gRPC; null for anything else. */
function lostConnection(code: string): Omit<FailureReport, 'cause'> | null {
  if (POSTGRES_CODES.test(code)) {
    const message = 'lost the connection to Postgres';
    return { type: 'Unreachable', message, hint: 'appsync status', exitCode: EXIT.unreachable };
  }
  if (GRPC_UNAVAILABLE.has(code)) {
    const message = 'Temporal does not answer';
    return { type: 'Unreachable', message, hint: 'appsync status', exitCode: EXIT.unreachable };
  }
  if (!GRPC_REFUSED.has(code)) return null;
  return {
    type: 'Configuration',
    message: 'Temporal refuses these credentials',
    hint: 'check TEMPORAL_NAMESPACE, TEMPORAL_API_KEY and TEMPORAL_TLS_*',
    exitCode: EXIT.credentials,
  };
}

/** The code of whatever was thrown; Temporal's ServiceError has that of gRPC in its cause. */
function codeOf(thrown: unknown): string {
  if (thrown instanceof AggregateError) return codeOf(thrown.errors[0]);
  if (typeof thrown !== 'object' || thrown === null) return '';
  if ('code' in thrown) return String(thrown.code);
  return thrown instanceof Error && thrown.name === 'ServiceError' ? codeOf(thrown.cause) : '';
}

/** `error:`, `cause:` and `hint:` on stderr, or `{error: …}` on stdout with `--json`. */
export function printFailure(thrown: unknown, output: Output, debug: boolean): ExitCode {
  const report = reportFailure(thrown);
  const hint = report.hint === undefined ? undefined : asTyped(report.hint, output.program);
  if (output.json) {
    const { type, message, cause } = report;
    output.document({
      error: { type, message, ...(cause === undefined ? {} : { cause }), hint: hint ?? null },
    });
  }
  const paint = output.notePaint;
  output.note(`${paint.red('error:')} ${report.message}`);
  if (report.cause !== undefined && report.cause !== report.message) {
    output.note(`${paint.dim('cause:')} ${report.cause}`);
  }
  if (hint !== undefined) output.note(`${paint.cyan('hint:')} ${hint}`);
  if (debug && thrown instanceof Error) output.note(`\n${withoutSecrets(thrown.stack ?? '')}`);
  return report.exitCode;
}
