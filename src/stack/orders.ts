import type { ExitCode } from '../errors.ts';
import type { TemporalBinary } from './temporal-binary.ts';

/** What a command tells the supervisor that it starts. Over a pipe: tokens are in it. */
export interface Orders {
  readonly home: string;
  /** A Postgres that runs elsewhere; null: a local one is kept. */
  readonly databaseUrl: string | null;
  /** A Temporal that runs elsewhere; null: a local one is kept, with the binary. */
  readonly temporalAddress: string | null;
  readonly temporalBinary: TemporalBinary | null;
  /** null: no worker is kept. */
  readonly worker: {
    readonly entry: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly fingerprint: string;
    readonly graceSeconds: number;
  } | null;
  readonly namespaces: readonly string[];
}

/** What the supervisor says while it starts. */
export type SupervisorMessage =
  | { readonly kind: 'step'; readonly text: string }
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'failed';
      readonly exitCode: ExitCode;
      readonly message: string;
      readonly reason: string | undefined;
      readonly hint: string | undefined;
    };

/** `Postgres 18.4 ready on port 54321 (0.6 s)` */
export const stepText = (what: string, since: number): string =>
  `${what} (${((performance.now() - since) / 1_000).toFixed(1)} s)`;
