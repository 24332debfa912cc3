import { cancellationSignal } from '@temporalio/activity';
import type { SyncOptions } from '../contract/options.ts';
import { SyncFailure } from '../errors.ts';
import { openSession } from '../platforms/open-session.ts';
import type { Platform, SourceRef } from '../platforms/platform.ts';
import type { PlatformSession } from '../platforms/session.ts';
import type { SourceRow } from '../store/sources.ts';
import type { Dependencies } from './dependencies.ts';
import { attributeAttempt } from './observed-attempt.ts';
import type { Meter } from './running.ts';

/** A source's platform, reached with its account's token. */
export interface ConnectedSource {
  readonly platform: Platform;
  readonly session: PlatformSession;
  readonly ref: SourceRef;
}

/** Connects to a source's platform for the length of one activity. The token is read here and goes nowhere else. */
export async function connectSource(
  deps: Dependencies,
  source: SourceRow,
  { run_id, options }: { readonly run_id: string; readonly options: SyncOptions },
  meter: Meter,
): Promise<ConnectedSource> {
  attributeAttempt(source);
  const platform = await deps.findPlatform(source.platform);
  if (platform === undefined) {
    throw new SyncFailure('Misconfigured', `this worker knows no platform ${source.platform}`, {
      hint: `update the worker, or correct the account of ${source.alias}`,
    });
  }
  const session = openSession(
    platform,
    {
      account: source.account,
      token: deps.readSecret(source.token_ref),
      plan: source.plan,
      rate: options.rate_limit ?? source.rate_limit,
    },
    deps,
    {
      asked: options.rate_limit !== undefined,
      runId: run_id,
      signal: cancellationSignal(),
      poolSize: options.pool_size,
      count: (metrics) => meter.count(metrics),
      onWait: (until) => meter.waitUntil(until),
    },
  );
  return { platform, session, ref: platform.parseRef(source.ref) };
}
